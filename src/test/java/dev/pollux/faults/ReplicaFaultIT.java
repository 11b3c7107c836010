package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import io.r2dbc.spi.ConnectionFactories;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A replica that is cut off from its primary, under load that goes through the replica. */
class ReplicaFaultIT {

    private static final int WORKERS = 2;
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    @TempDir
    private Path folder;

    /** Reads that are to be fresh would wait for ever for a primary that is away. */
    private static String url(Sqld sqld) {
        return sqld.r2dbcUrl() + "&callTimeout=PT0.5S&consistentReads=true";
    }

    @Test
    void aReplicaThatIsCutOffLosesNothing() throws Exception {
        int breaks = Scale.of(2, 60);
        Random random = Scale.random();
        FaultCount faults = new FaultCount("outcome unknown");
        try (Sqld primary = Sqld.startPrimary();
                Line line = new Line(primary.grpcPort());
                Sqld replica = Sqld.startReplica(line.port());
                LoadHere load = new LoadHere(
                        TestDatabase.at(url(primary)),
                        folder,
                        () -> ConnectionFactories.get(url(replica)),
                        faults::listen)) {
            load.setUp();
            load.startWorkers(WORKERS);
            AtomicBoolean enough = new AtomicBoolean();
            CompletableFuture<Long> pushed = load.push("producer", enough::get).toFuture();
            load.awaitMoreDone();
            for (int i = 0; i < breaks; i++) {
                line.apply(i % 2 == 0 ? Line.Break.CUT : Line.Break.SILENCE);
                faults.await(5 + random.nextInt(10));
                line.heal();
                load.awaitMoreDone();
            }
            enough.set(true);
            assertThat(pushed).succeedsWithin(PATIENCE);
            Report.add("2 replica cut from its primary", breaks, load.finish());
        }
    }
}
