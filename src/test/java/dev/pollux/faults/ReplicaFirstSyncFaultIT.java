package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.r2dbc.LibsqlConnectionFactory;
import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;

/** The first sync of large databases, by a process with a heap of 64 MiB. */
class ReplicaFirstSyncFaultIT {

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final ReplicaMachine.Listener NOBODY = new ReplicaMachine.Listener() {};
    private static final int MOST_HELD = 1_000;
    private static final int TASKS = Scale.of(4_000, 1_000_000);

    @TempDir
    private Path folder;

    private final Path path = Path.of("replica.db");
    private final TestDatabase remote = TestDatabase.at(Sqld.shared().r2dbcUrl());

    @BeforeEach
    void emptyServer() {
        Sqld.shared().reset();
    }

    /** Tasks of about 130 bytes, by one statement. */
    private static void fill(TestDatabase database) {
        LibsqlStorage.create(database.factory(), String.class, Config.of(ReplicaProcess.QUEUE))
                .setup()
                .block(PATIENCE);
        database.rows("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + TASKS + ")"
                        + " INSERT INTO Jobs (job, id, job_type)"
                        + " SELECT CAST('\"' || printf('%0100d', i) || '\"' AS BLOB), printf('TASK%022d', i), '"
                        + ReplicaProcess.QUEUE + "' FROM n")
                .block(PATIENCE);
    }

    private ReplicaMachine machine() throws Exception {
        return new ReplicaMachine(1, Sqld.shared().port());
    }

    @Test
    void manyTasksOfAFileGoUpAndASyncThatBrokeOffGoesOnWhereItWas() throws Exception {
        Path file = folder.resolve(path);
        TestDatabase local = TestDatabase.of(() -> LibsqlConnectionFactory.of("file:" + file));
        fill(local);
        try (ReplicaMachine machine = machine()) {
            machine.open(file, NOBODY);
            int pagesBefore = TASKS / MOST_HELD / 2;
            // The first two set the server up, and greet it.
            machine.breakOffAfter(2 + pagesBefore);

            assertThat(machine.sync()).isFalse();
            assertThat(local.number("SELECT count(*) FROM PolluxChanges")).isEqualTo(TASKS - pagesBefore * 1_000L);
            assertThat(machine.sync()).isTrue();

            List<Long> unsent =
                    machine.statuses.stream().map(status -> status.get(0)).toList();
            assertThat(unsent).isSortedAccordingTo(Comparator.reverseOrder()).hasSizeGreaterThan(TASKS / 1_000);
            assertThat(unsent).startsWith(TASKS - 1_000L).endsWith(0L);
            int there = (int) remote.number("SELECT count(*) FROM Jobs WHERE status = 'Pending' AND lock_by IS NULL");
            Report.add(
                    "replica: first sync of a full file",
                    machine.broken(),
                    new Verdict(TASKS, TASKS - there, 0, List.of()));
        }
    }

    @Test
    void anEmptyFileTakesOfAFullServerWhatItMayHold() throws Exception {
        fill(remote);
        String held = "SELECT count(*) FROM Jobs WHERE lock_by LIKE 'pollux-replica:%'";
        try (ReplicaMachine machine = machine()) {
            machine.open(folder.resolve(path), NOBODY);
            assertThat(machine.sync()).isTrue();
            machine.poll();
            machine.file()
                    .becomes(
                            "SELECT count(*) FROM Workers WHERE id LIKE 'worker%'",
                            1L, Flux.interval(Duration.ofMillis(10)))
                    .block(PATIENCE);
            machine.loseNextAnswer();

            assertThat(machine.sync()).isFalse();
            assertThat(remote.number(held)).isEqualTo(MOST_HELD);
            assertThat(machine.file().number("SELECT count(*) FROM Jobs")).isZero();
            assertThat(machine.sync()).isTrue();

            assertThat(machine.file().number("SELECT count(*) FROM Jobs")).isEqualTo(MOST_HELD);
            assertThat(machine.statuses.stream().map(status -> status.get(1)))
                    .as("the first sync, the one that broke off, the page that was heard, and its sync")
                    .containsExactly(0L, 0L, (long) MOST_HELD, (long) MOST_HELD);
            int holds = (int) remote.number(held);
            int pool = (int) remote.number("SELECT count(*) FROM Jobs WHERE status = 'Pending' AND lock_by IS NULL");
            Report.add(
                    "replica: first sync of an empty file",
                    machine.broken(),
                    new Verdict(TASKS, TASKS - holds - pool, holds - MOST_HELD, List.of()));
        }
    }
}
