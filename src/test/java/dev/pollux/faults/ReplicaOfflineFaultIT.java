package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.Worker;
import dev.pollux.r2dbc.LibsqlConnectionFactory;
import dev.pollux.replica.Replica;
import dev.pollux.replica.ReplicaConfig;
import dev.pollux.replica.SyncReport;
import dev.pollux.testing.DelayingProxy;
import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A replica that comes back after an hour without a network, over one with a round trip of 20 ms. */
class ReplicaOfflineFaultIT {

    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final Duration ONE_WAY = Duration.ofMillis(10);
    private static final int MOST_REQUESTS = 1_000;

    @TempDir
    private Path folder;

    @Test
    void whatWasDoneInAnHourOfflineIsSentInFewRequests() throws Exception {
        int tasks = Scale.of(3_000, 100_000);
        AtomicInteger runs = new AtomicInteger();
        Sqld.shared().reset();
        TestDatabase remote = TestDatabase.at(Sqld.shared().r2dbcUrl());
        try (DelayingProxy far = new DelayingProxy(Sqld.shared().port(), ONE_WAY)) {
            LibsqlConnectionFactory local = LibsqlConnectionFactory.of("file:" + folder.resolve("edge.db"));
            LibsqlConnectionFactory server = LibsqlConnectionFactory.of("http://127.0.0.1:" + far.port());
            Replica replica = Replica.over(
                    local, server, ReplicaConfig.builder().background(false).build());
            LibsqlStorage<Integer> storage = LibsqlStorage.create(
                    replica,
                    Integer.class,
                    Config.builder("edge").bufferSize(500).build());
            storage.setup().then(replica.sync()).block(PATIENCE);

            storage.pushAll(Flux.range(0, tasks)).block(PATIENCE);
            storage.poll(Worker.named("edge"))
                    .transform(storage.lock())
                    .flatMap(storage.ack(task -> Mono.fromSupplier(runs::incrementAndGet)), 64)
                    .take(tasks)
                    .blockLast(PATIENCE);
            TestDatabase file = TestDatabase.of(() -> LibsqlConnectionFactory.of("file:" + folder.resolve("edge.db")));
            file.sql("UPDATE PolluxReplica SET hold_until = hold_until - 3600");
            remote.sql("UPDATE Workers SET last_seen = last_seen - 3600");
            long before = far.posts();
            SyncReport report = replica.sync().blockOptional(PATIENCE).orElseThrow();

            assertThat(report.refused()).isEmpty();
            assertThat(report.unsent()).isZero();
            assertThat(far.posts() - before).isLessThan(MOST_REQUESTS);
            int done = (int) remote.number("SELECT count(*) FROM Jobs WHERE status = 'Done' AND attempts = 0");
            Report.add("replica: an hour offline", 1, new Verdict(tasks, tasks - done, runs.get() - tasks, List.of()));
            replica.close().then(server.close()).then(local.close()).block(PATIENCE);
        }
    }
}
