package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.Task;
import dev.pollux.Worker;
import dev.pollux.r2dbc.LibsqlConnectionFactory;
import dev.pollux.replica.Replica;
import dev.pollux.replica.ReplicaConfig;
import dev.pollux.replica.SyncReport;
import dev.pollux.testing.DelayingProxy;
import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** A replica whose network is cut, and comes back after an hour, over one with a round trip of 20 ms. */
class ReplicaOfflineFaultIT {

    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final Duration ONE_WAY = Duration.ofMillis(10);
    private static final Duration LONGEST_SYNC = Duration.ofSeconds(60);
    private static final int MOST_REQUESTS = 1_000;
    /** Tasks that were synced before the network was cut; their numbers are below 0. */
    private static final int HELD = 40;

    private static final String QUEUE = "edge";
    private static final String UNFINISHED = "SELECT count(*) FROM Jobs WHERE status NOT IN ('Done', 'Killed')";

    /** The hold is over two seconds after a sync, in real time. */
    private static final ReplicaConfig CONFIG = ReplicaConfig.builder()
            .background(false)
            .syncInterval(Duration.ofMillis(10))
            .margin(ReplicaConfig.defaults().reenqueueOrphanedAfter().minusSeconds(3))
            .build();

    @TempDir
    private Path folder;

    private final Queue<Integer> runsHere = new ConcurrentLinkedQueue<>();
    private final Queue<Integer> runsElsewhere = new ConcurrentLinkedQueue<>();

    private TestDatabase remote;
    private TestDatabase file;
    private DelayingProxy far;
    private Line line;
    private LibsqlConnectionFactory local;
    private LibsqlConnectionFactory server;
    private Replica replica;
    private LibsqlStorage<Integer> storage;

    @BeforeEach
    void openWithAnEmptyServer() throws IOException {
        Sqld.shared().reset();
        remote = TestDatabase.at(Sqld.shared().r2dbcUrl());
        far = new DelayingProxy(Sqld.shared().port(), ONE_WAY);
        line = new Line(far.port());
        file = TestDatabase.of(() -> LibsqlConnectionFactory.of("file:" + folder.resolve("edge.db")));
        local = LibsqlConnectionFactory.of("file:" + folder.resolve("edge.db"));
        server = LibsqlConnectionFactory.of("http://127.0.0.1:" + line.port());
        replica = Replica.over(local, server, CONFIG);
        storage = queueOn(replica);
        storage.setup().block(PATIENCE);
    }

    @AfterEach
    void close() throws IOException {
        replica.close().then(server.close()).then(local.close()).block(PATIENCE);
        line.close();
        far.close();
    }

    private static LibsqlStorage<Integer> queueOn(ConnectionFactory database) {
        return LibsqlStorage.create(
                database, Integer.class, Config.builder(QUEUE).bufferSize(500).build());
    }

    private static Flux<?> work(LibsqlStorage<Integer> storage, Queue<Integer> runs, int concurrency) {
        return storage.poll(Worker.named("worker"))
                .transform(storage.lock())
                .flatMap(storage.ack(task -> Mono.fromRunnable(() -> runs.add(task.args()))), concurrency);
    }

    /** A worker that waits for tasks and takes none: there is demand for them. */
    private Disposable waitingWorker() {
        Disposable waiting = storage.poll(Worker.named("waiting")).subscribeWith(new BaseSubscriber<Task<Integer>>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                // Nothing is asked for.
            }
        });
        file.becomes("SELECT count(*) FROM Workers WHERE id LIKE 'waiting%'", 1L, Flux.interval(Duration.ofMillis(10)))
                .block(PATIENCE);
        return waiting;
    }

    @Test
    void whatWasDoneInAnHourOfflineIsSentInFewRequests() throws Exception {
        int tasks = Scale.of(3_000, 100_000);
        Disposable waiting = waitingWorker();
        storage.pushAll(Flux.range(-HELD, HELD)).then(replica.sync()).block(PATIENCE);
        assertThat(remote.number("SELECT count(*) FROM Jobs WHERE lock_by LIKE 'pollux-replica:%'"))
                .isEqualTo(HELD);

        line.apply(Line.Break.CUT);
        awaitTheEndOfTheHold();
        aWorkerElsewhereTakesSomeOfTheHeldTasksAfterAnHour();
        storage.pushAll(Flux.range(0, tasks)).block(PATIENCE);
        work(storage, runsHere, 64).take(tasks).blockLast(PATIENCE);
        assertThatThrownBy(() -> replica.sync().block(PATIENCE)).isInstanceOf(R2dbcException.class);
        assertThat(runsHere)
                .as("what the server may have given away is not started")
                .allMatch(task -> task >= 0);

        line.heal();
        long requestsBefore = far.posts();
        long began = System.nanoTime();
        SyncReport report = replica.sync().blockOptional(PATIENCE).orElseThrow();
        Duration took = Duration.ofNanos(System.nanoTime() - began);

        assertThat(took).isLessThan(LONGEST_SYNC);
        assertThat(far.posts() - requestsBefore).isLessThan(MOST_REQUESTS);
        assertThat(report.refused()).isEmpty();
        assertThat(report.unsent()).isZero();
        assertThat(remote.number("SELECT count(*) FROM Jobs WHERE status = 'Done' AND attempts = 0"))
                .isEqualTo(tasks);

        waiting.dispose();
        runTheRest();
        int done = (int) remote.number("SELECT count(*) FROM Jobs WHERE status = 'Done'");
        int runs = runsHere.size() + runsElsewhere.size();
        Report.add(
                "replica: an hour offline",
                1,
                new Verdict(tasks + HELD, tasks + HELD - done, runs - tasks - HELD, List.of()));
        assertThat(file.number(UNFINISHED)).as("the file knows how they ended").isZero();
    }

    private void awaitTheEndOfTheHold() {
        file.becomes(
                        "SELECT count(*) FROM Jobs WHERE lock_by = 'pollux-remote'",
                        (long) HELD,
                        Flux.interval(Duration.ofMillis(10)))
                .block(PATIENCE);
    }

    private void aWorkerElsewhereTakesSomeOfTheHeldTasksAfterAnHour() {
        remote.sql("UPDATE Workers SET last_seen = last_seen - 3600");
        work(queueOn(remote.factory()), runsElsewhere, 1).take(HELD / 2).blockLast(PATIENCE);
    }

    private void runTheRest() {
        Disposable worker = work(storage, runsHere, 1).subscribe();
        replica.sync()
                .repeat()
                .publishOn(Schedulers.boundedElastic(), 1)
                .takeUntil(report -> remote.number(UNFINISHED) == 0 && file.number(UNFINISHED) == 0)
                .blockLast(PATIENCE);
        worker.dispose();
    }
}
