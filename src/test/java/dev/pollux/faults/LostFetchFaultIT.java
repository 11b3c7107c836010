package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.Config;
import dev.pollux.Outcome;
import dev.pollux.StorageEvent;
import dev.pollux.StorageListener;
import dev.pollux.Worker;
import dev.pollux.testing.Events;
import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import io.r2dbc.spi.ConnectionFactories;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.util.function.Tuple2;

/**
 * Fetches whose tasks are leased, and whose answer never comes. Their worker finds the leases within a keepAlive, and no
 * orphan sweep does, which would count a try: that is an hour away.
 */
class LostFetchFaultIT {

    private static final Duration PATIENCE = Duration.ofMinutes(3);

    @TempDir
    private Path folder;

    private final Events events = new Events();
    private final String url = url(Sqld.shared().port(), "PT20S");
    private final TestDatabase database = TestDatabase.at(url);

    @BeforeEach
    void emptyServer() {
        Sqld.shared().reset();
    }

    private static String url(int port, String callTimeout) {
        return "r2dbc:libsql://127.0.0.1:" + port + "?tls=0&callTimeout=" + callTimeout;
    }

    private Load load(String through, Ledger ledger, Duration keepAlive) {
        return Load.on(
                ConnectionFactories.get(through),
                ledger,
                config -> settings(config, keepAlive)
                        .listener(StorageListener.logging().and(events)));
    }

    private static Config.Builder settings(Config.Builder config, Duration keepAlive) {
        return config.keepAlive(keepAlive).reenqueueOrphanedAfter(Duration.ofHours(1));
    }

    private void setUp(Load load) {
        load.storage().setup().block(PATIENCE);
        Audit.begin(database);
    }

    /** Works until so many tasks have ended; none fails. */
    private static Flux<Outcome<String>> work(Load load, int tasks) {
        return load.storage()
                .poll(Worker.named("worker"))
                .transform(load.storage().lock())
                .flatMap(load.storage().ack(load::run), tasks)
                .take(tasks);
    }

    /** Tasks that come alone. */
    private static void push(Load load, String producer, int tasks) {
        load.push(producer, Flux.range(0, tasks).map(i -> i * 10L + 1)).blockLast(PATIENCE);
    }

    /** Checks tasks that have all ended, each after one run. */
    private Verdict finish(int tasks) throws Exception {
        events.await(StorageEvent.WorkerStopped.class);
        assertThat(events.of(StorageEvent.Orphaned.class)).isEmpty();
        assertThat(database.number("SELECT count(*) FROM Jobs WHERE status = 'Done' AND attempts = 0"))
                .isEqualTo(tasks);
        return Checker.check(database, folder);
    }

    @ParameterizedTest
    @EnumSource(names = {"LATE_REQUEST", "LOST_RESPONSE", "STALL"})
    void aFetchWhoseAnswerIsLostIsFoundWithinAKeepAlive(Fault fault) throws Exception {
        int tasks = 40;
        int losses = Scale.of(2, 6);
        // Far longer than all else here takes; a late one waits for the next beat, for it came after the one at its
        // failure.
        Duration keepAlive = Duration.ofSeconds(fault == Fault.LATE_REQUEST ? Scale.of(4, 10) : 20);
        Duration margin = keepAlive.minusSeconds(1);
        AtomicLong lost = new AtomicLong();
        try (FaultyProxy proxy = new FaultyProxy(Sqld.shared().port());
                Ledger ledger = Ledger.open(folder, "load")) {
            Load load = load(url(proxy.port(), "PT0.5S"), ledger, keepAlive);
            setUp(load);
            push(load, "producer", tasks);
            proxy.plan(steps -> {
                if (!steps.contains(Step.FETCH) || proxy.injected() >= losses) {
                    return null;
                }
                lost.set(System.nanoTime());
                return fault;
            });

            work(load, tasks).blockLast(PATIENCE);

            assertThat(Duration.ofNanos(System.nanoTime() - lost.get())).isLessThan(keepAlive.plus(margin));
            assertThat(events.of(StorageEvent.Released.class))
                    .isNotEmpty()
                    .allMatch(released -> released.reason().contains("an answer was lost"));
            Report.add("3 fetches lost, found within a keepAlive: " + fault.words(), proxy.injected(), finish(tasks));
        }
    }

    /** The server leases what a fetch asks for, and then cannot send an answer of over 10 MB. No beat is waited for. */
    @Test
    void tasksTooLargeForOneAnswerComeInSmallerPortions() throws Exception {
        int tasks = Scale.of(40, 60);
        int bytes = Scale.of(300_000, 1_000_000);
        Duration keepAlive = Duration.ofSeconds(60);
        try (Ledger ledger = Ledger.open(folder, "load")) {
            Load load = Load.on(
                    ConnectionFactories.get(url),
                    ledger,
                    config -> settings(config, keepAlive)
                            .bufferSize(100)
                            .listener(StorageListener.logging().and(events)));
            setUp(load);
            push(load, "x".repeat(bytes), tasks);

            Duration length = work(load, tasks)
                    .count()
                    .elapsed()
                    .map(Tuple2::getT1)
                    .map(Duration::ofMillis)
                    .block(PATIENCE);

            assertThat(length).isLessThan(keepAlive);
            long tooLarge = events.of(StorageEvent.Fault.class).stream()
                    .filter(told -> String.valueOf(told.error().getMessage()).contains("10 MB"))
                    .count();
            Report.add("4 answers over 10 MB, sqld", tooLarge, finish(tasks));
        }
    }
}
