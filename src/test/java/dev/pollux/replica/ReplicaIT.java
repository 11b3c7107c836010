package dev.pollux.replica;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.NewTask;
import dev.pollux.TaskId;
import dev.pollux.r2dbc.LibsqlConnectionFactory;
import dev.pollux.testing.RustTables;
import dev.pollux.testing.TestDatabase;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;

/** What goes up, what comes down, and who holds it. */
class ReplicaIT extends SyncedSites {

    @Test
    void anOutcomeReachedOfflineGoesUp() {
        Site a = site("a");
        TaskId id = a.push("one");
        assertThat(a.run(1)).containsExactly("one");

        SyncReport report = a.sync();

        assertThat(report.sent()).isEqualTo(1);
        assertThat(report.unsent()).isZero();
        assertThat(remoteStatus(id)).startsWith("Done 0 pollux-replica:");
        assertThat(a.sync().sent()).isZero();
    }

    @Test
    void aTaskThatNobodyPollsForHereGoesToThePoolAndRunsElsewhere() {
        Site a = site("a");
        Site b = site("b");
        TaskId id = a.push("one");

        assertThat(a.sync().returned()).isEqualTo(1);
        assertThat(remoteStatus(id)).isEqualTo("Pending 0 ");
        assertThat(a.status(id)).isEqualTo("Queued pollux-remote");

        takeTo(b);
        assertThat(remoteStatus(id)).startsWith("Queued 0 pollux-replica:");
        assertThat(b.run(1)).containsExactly("one");
        assertThat(b.sync().sent()).isEqualTo(1);
        assertThat(remoteStatus(id)).startsWith("Done 0 pollux-replica:");

        assertThat(a.sync().heard()).isEqualTo(1);
        assertThat(a.status(id)).isEqualTo("Done pollux-remote");
        assertThat(a.storage
                        .fetchById(id)
                        .map(task -> String.valueOf(task.context().lastError()))
                        .block(Site.WAIT))
                .isEqualTo("{\"Ok\":\"one\"}");
    }

    @Test
    void aTaskThatIsPolledForHereIsHeldForUs() {
        Site a = site("a");
        TaskId id = a.push("one");

        assertThat(takeTo(a).returned()).isZero();

        assertThat(remoteStatus(id)).startsWith("Queued 0 pollux-replica:");
        assertThat(a.status(id)).isEqualTo("Pending");
        assertThat(takeTo(site("b")).taken()).isZero();
    }

    @Test
    void whatWasInTheFileBeforeItBecameAReplicaIsSent() {
        LibsqlConnectionFactory plain = LibsqlConnectionFactory.of("file:" + folder.resolve("a.db"));
        LibsqlStorage<String> storage = LibsqlStorage.create(plain, String.class, Config.of(Site.QUEUE));
        TaskId id = TaskId.next();
        storage.setup().then(storage.push(NewTask.of("old").id(id))).block(Site.WAIT);
        plain.close().block(Site.WAIT);

        Site a = site("a");
        a.sync();

        assertThat(remoteStatus(id)).isEqualTo("Pending 0 ");
    }

    @Test
    void databasesThatTheRustCrateMadeSyncToo() {
        RustTables.create(remote);
        RustTables.create(TestDatabase.of(() -> LibsqlConnectionFactory.of("file:" + folder.resolve("a.db"))));
        Site a = site("a");
        Site b = site("b");
        TaskId here = a.push("here");
        assertThat(a.run(1)).containsExactly("here");
        // Its tables keep a worker that has gone for as long as tasks name it: it is silent, not forgotten.
        a.file.sql("UPDATE Workers SET last_seen = last_seen - 1000 WHERE worker_type = '" + Site.QUEUE + "'");
        TaskId elsewhere = a.push("elsewhere");
        a.sync();
        takeTo(b);
        b.run(1);
        b.sync();
        a.sync();

        assertThat(remoteStatus(here)).startsWith("Done 0 pollux-replica:");
        assertThat(a.status(elsewhere)).isEqualTo("Done pollux-remote");
    }

    @Test
    void whatOtherProgramsDoOnTheServerIsHeard() {
        Site a = site("a");
        a.sync();
        remote.sql("INSERT INTO Jobs (job, id, job_type) VALUES (CAST('\"theirs\"' AS BLOB), 'task-of-theirs', '"
                + Site.QUEUE + "')");

        assertThat(takeTo(a).taken()).isEqualTo(1);
        assertThat(a.run(1)).containsExactly("theirs");
        a.sync();

        assertThat(remoteStatus(new TaskId("task-of-theirs"))).startsWith("Done 0 pollux-replica:");
    }

    @Test
    void replicasShareThePoolFairlyAndHoldNoMoreThanTheyMay() {
        Site a = site("a");
        Site b = site("b", ReplicaConfig.builder().background(false).mostHeld(3).build());
        Site c = site("c");
        for (int i = 0; i < 10; i++) {
            a.push("task " + i);
        }
        a.sync();
        Disposable waitingB = b.demand();
        Disposable waitingC = c.demand();
        try {
            assertThat(b.sync().taken()).isEqualTo(3);
            assertThat(b.sync().taken()).isZero();
            assertThat(c.sync().taken()).as("half of 7").isEqualTo(4);
        } finally {
            waitingB.dispose();
            waitingC.dispose();
        }
    }

    @Test
    void anOutcomeOfAHoldThatWasLostIsRefusedKeptAndReported() {
        Site a = site("a");
        Site b = site("b");
        TaskId id = heldElsewhere(a, b);
        loseHoldsOf(b);
        assertThat(b.run(1)).containsExactly("one");

        SyncReport report = b.sync();

        assertThat(report.refused()).containsExactly(id);
        assertThat(remoteStatus(id)).isEqualTo("Pending 1 ");
        assertThat(b.status(id)).as("a task of others, in the pool").isNull();
        assertThat(b.file.sql("SELECT task, status, last_error FROM PolluxRefused"))
                .containsExactly(List.of(id.value(), "Done", "{\"Ok\":\"one\"}"));
        assertThat(takeTo(a).taken()).isEqualTo(1);
        assertThat(a.status(id)).isEqualTo("Pending");
    }

    @Test
    void aTaskThatIsForgottenWithAChangeUnsentIsNotDeletedForTheOthers() {
        Site a = site("a");
        Site b = site("b");
        TaskId id = heldElsewhere(a, b);
        b.file.sql("UPDATE Jobs SET status = 'Failed', attempts = 1 WHERE id = '" + id.value() + "'");
        loseHoldsOf(b);

        b.sync();

        assertThat(b.status(id)).isNull();
        assertThat(remoteStatus(id)).isEqualTo("Pending 1 ");
    }

    @Test
    void anOutcomeThatIsNotSentYetCannotBeDeleted() {
        Site a = site("a");
        TaskId id = a.push("one");
        takeTo(a);
        a.run(1);

        a.file.sql("DELETE FROM Jobs WHERE status = 'Done'");
        assertThat(a.status(id)).startsWith("Done");
        a.sync();
        a.file.sql("DELETE FROM Jobs WHERE status = 'Done'");

        assertThat(a.status(id)).isNull();
        a.sync();
        assertThat(remoteStatus(id)).startsWith("Done 0 ");
    }

    @Test
    void largeAndBinaryPayloadsTravelWhole() {
        Site a = site("a");
        Site b = site("b");
        LibsqlStorage<byte[]> bytes = a.storage.compact();
        byte[] payload = new byte[1 << 20];
        new Random(1).nextBytes(payload);
        for (int i = 0; i < 5; i++) {
            bytes.push(payload).block(Site.WAIT);
        }
        assertThat(a.sync().requests()).as("pages of up to 2 MiB").isGreaterThan(3);

        takeTo(b);

        assertThat(b.file.sql("SELECT job FROM Jobs"))
                .hasSize(5)
                .allSatisfy(row -> assertThat((ByteBuffer) row.get(0)).isEqualTo(ByteBuffer.wrap(payload)));
    }

    @Test
    void allThatWasLostIsHeardInOneSyncHoweverLargeItIs() {
        Site a = site("a");
        Site b = site("b");
        for (int i = 0; i < 5; i++) {
            a.push("x".repeat(1 << 20));
        }
        a.sync();
        assertThat(takeTo(b).taken()).isEqualTo(5);
        loseHoldsOf(b);

        b.sync();

        assertThat(b.file.number("SELECT count(*) FROM Jobs")).isZero();
    }

    @Test
    void anIdThatWasPushedOnTwoReplicasEndsAsTheFirstSyncSays() {
        Site a = site("a");
        Site b = site("b");
        TaskId id = TaskId.next();
        for (Site site : List.of(a, b)) {
            site.storage
                    .push(NewTask.of("by " + site.path.getFileName()).id(id))
                    .block(Site.WAIT);
            site.run(1);
        }

        assertThat(a.sync().refused()).isEmpty();
        assertThat(b.sync().refused()).containsExactly(id);

        assertThat(remoteStatus(id)).isEqualTo("Done 0 pollux-replica:" + a.id() + ":" + Site.QUEUE);
        assertThat(remote.sql("SELECT last_error FROM Jobs")).containsExactly(List.of("{\"Ok\":\"by a.db\"}"));
        assertThat(b.file.sql("SELECT last_error FROM Jobs")).containsExactly(List.of("{\"Ok\":\"by a.db\"}"));
        assertThat(b.file.sql("SELECT last_error FROM PolluxRefused")).containsExactly(List.of("{\"Ok\":\"by b.db\"}"));
    }
}
