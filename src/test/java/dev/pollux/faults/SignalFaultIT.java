package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.faults.Crew.Member;
import dev.pollux.faults.LoadProcess.Part;
import dev.pollux.testing.Sqld;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;

/** Processes that are stopped for longer than their leases live and go on, and processes that are asked to end. */
class SignalFaultIT {

    private static final List<Part> PARTS = List.of(Part.WORKS, Part.WORKS, Part.PUSHES);
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int TERMINATED = 128 + 15;

    @TempDir
    private Path folder;

    private String file() {
        return "r2dbc:libsql:file://" + folder.resolve("queue.db");
    }

    private static String server(Sqld sqld) {
        return sqld.r2dbcUrl();
    }

    @Test
    void aProcessThatIsFrozenOnAFileLosesItsLeasesAndGoesOn() throws Exception {
        freeze("9 SIGSTOP, file", file());
    }

    @Test
    void aProcessThatIsFrozenOnAServerLosesItsLeasesAndGoesOn() throws Exception {
        try (Sqld sqld = Sqld.start()) {
            freeze("9 SIGSTOP, sqld", server(sqld));
        }
    }

    private void freeze(String fault, String url) throws Exception {
        int least = Scale.of(1, 20);
        int most = 10 * least;
        try (Crew crew = Crew.start(url, folder, PARTS)) {
            Member frozen = crew.member(0);
            int rounds = 0;
            // An outcome may have been on its way to the database, past all freezing.
            while (rounds < least || (frozen.lateAcks() == 0 && rounds < most)) {
                rounds++;
                frozen.awaitMoreOutcomes(20);
                freezeAtWork(crew, frozen);
                crew.database()
                        .becomes(
                                "SELECT count(*) FROM Jobs WHERE status IN ('Queued', 'Running') AND "
                                        + frozen.isItsWorker(),
                                0L,
                                Flux.interval(Duration.ofMillis(100)))
                        .block(PATIENCE);
                frozen.jvm().thaw();
                frozen.awaitMoreOutcomes(20);
            }
            assertThat(Audit.swept(crew.database()))
                    .as("leases that went to others")
                    .isGreaterThanOrEqualTo(rounds);
            Verdict verdict = crew.finish();
            assertThat(frozen.lateAcks()).as("late acks that were refused").isPositive();
            Report.add(fault, rounds, verdict);
        }
    }

    /** Freezes it while it runs tasks and has no lock on the file, which nobody could take from it. */
    private static void freezeAtWork(Crew crew, Member member) throws IOException, InterruptedException {
        member.jvm().freeze();
        while (member.running() == 0 || !crew.member(1).goesOn()) {
            member.jvm().thaw();
            member.awaitMoreOutcomes(1);
            member.jvm().freeze();
        }
    }

    @Test
    void aProcessThatIsAskedToEndOnAFileLeavesNoLease() throws Exception {
        terminate("SIGTERM, file", file());
    }

    @Test
    void aProcessThatIsAskedToEndOnAServerLeavesNoLease() throws Exception {
        try (Sqld sqld = Sqld.start()) {
            terminate("SIGTERM, sqld", server(sqld));
        }
    }

    private void terminate(String fault, String url) throws Exception {
        int rounds = Scale.of(1, 50);
        try (Crew crew = Crew.start(url, folder, PARTS)) {
            Member asked = crew.member(0);
            for (int round = 0; round < rounds; round++) {
                asked.awaitMoreOutcomes(20);
                asked.jvm().terminate();
                assertThat(asked.jvm().awaitExit(Load.DRAIN_TIME.toSeconds())).isEqualTo(TERMINATED);
                assertThat(asked.leases()).as("leases left behind").isZero();
                assertThat(crew.database().number("SELECT count(*) FROM Workers"))
                        .as("workers")
                        .isEqualTo(1);
                asked.startAgain();
            }
            assertThat(Audit.leftBehind(crew.database())).isZero();
            Report.add(fault, rounds, crew.finish());
        }
    }
}
