package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.LibsqlStorage;
import dev.pollux.Outcome;
import dev.pollux.StorageEvent;
import dev.pollux.Worker;
import dev.pollux.r2dbc.LibsqlConnectionFactoryProvider;
import dev.pollux.testing.Events;
import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/** A server that is killed, and a network that breaks at random points of every step. */
class ServerFaultIT {

    private static final int WORKERS = 2;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @TempDir
    private Path folder;

    private static String url(int port) {
        return "r2dbc:libsql://127.0.0.1:" + port + "?tls=0&callTimeout=PT0.5S";
    }

    private LoadHere load(TestDatabase database, int port) {
        return new LoadHere(database, folder, () -> factory(port), config -> config);
    }

    /** Each request has a token of its own, at which only the proxy may look. */
    private static ConnectionFactory factory(int port) {
        AtomicInteger tokens = new AtomicInteger();
        return ConnectionFactories.get(ConnectionFactoryOptions.parse(url(port))
                .mutate()
                .option(LibsqlConnectionFactoryProvider.AUTH_TOKEN_SUPPLIER, () -> "token" + tokens.incrementAndGet())
                .build());
    }

    /** Of the requests, every fifth is hit, and the first with a step that was not. */
    private static boolean hits(FaultyProxy proxy, Set<Step> steps, int faults, Random random) {
        return steps.stream().anyMatch(step -> proxy.hits(step) == 0)
                || (proxy.injected() < faults && random.nextInt(5) == 0);
    }

    private static boolean isEnough(FaultyProxy proxy, int faults) {
        return proxy.injected() >= faults && Step.OF_THE_QUEUE.stream().allMatch(step -> proxy.hits(step) > 0);
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void aBrokenNetworkLosesNothing(Fault fault) throws Exception {
        // Without the answers of servers in trouble, a thousand in the long form.
        int faults = Scale.of(8, fault.status() == 0 ? 150 : 100);
        Random random = Scale.random();
        Sqld.shared().reset();
        TestDatabase database = TestDatabase.at(url(Sqld.shared().port()));
        try (FaultyProxy proxy = new FaultyProxy(Sqld.shared().port());
                LoadHere load = load(database, proxy.port())) {
            proxy.plan(steps -> hits(proxy, steps, faults, random) ? fault : null);
            load.setUp();
            load.startWorkers(WORKERS);
            load.pushUntil(() -> isEnough(proxy, faults));
            Report.add("3 network: " + fault.words(), proxy.injected(), load.finish());
        }
    }

    @Test
    void aServerThatIsKilledUnderLoadLosesNothing() throws Exception {
        int kills = Scale.of(2, 30);
        Random random = Scale.random();
        try (Sqld sqld = Sqld.start();
                LoadHere load = load(TestDatabase.at(url(sqld.port())), sqld.port())) {
            load.setUp();
            load.startWorkers(WORKERS);
            AtomicBoolean enough = new AtomicBoolean();
            Semaphore ticks = new Semaphore(0);
            CompletableFuture<Long> pushed = load.push("producer", () -> {
                        ticks.release();
                        return enough.get();
                    })
                    .toFuture();
            for (int i = 0; i < kills; i++) {
                ticks.acquire(50 + random.nextInt(500));
                sqld.kill();
                sqld.startAgain();
            }
            enough.set(true);
            assertThat(pushed).succeedsWithin(PATIENCE);
            Report.add("2 kill -9 of sqld", kills, load.finish());
        }
    }

    /** The outcomes of runs that end during the outage wait for its end, though pushes give up. */
    @Test
    void anOutageLongerThanKeepAliveMakesNoTaskRunTwice() throws Exception {
        int tasks = 16;
        try (Sqld sqld = Sqld.start();
                Ledger ledger = Ledger.open(folder, "outage")) {
            String url = url(sqld.port());
            Events events = new Events();
            // Nobody else sweeps, so the leases live on.
            LibsqlStorage<Work> storage = Load.on(
                            ConnectionFactories.get(url), ledger, config -> config.listener(events))
                    .storage();
            storage.setup().block(PATIENCE);
            Audit.begin(TestDatabase.at(url));
            Load load = new Load(storage, ledger);
            load.push("producer", Flux.range(1, tasks).filter(i -> i % 10 != 0).map(Integer::longValue))
                    .blockLast(PATIENCE);
            Sinks.Empty<Void> outage = Sinks.empty();
            CompletableFuture<List<Outcome<String>>> outcomes = storage.poll(Worker.named("worker"))
                    .transform(storage.lock())
                    .flatMap(
                            storage.ack(task -> load.run(task)
                                    .flatMap(run -> outage.asMono().thenReturn(run))),
                            tasks)
                    .take(tasks - 1)
                    .collectList()
                    .toFuture();
            events.flux().ofType(StorageEvent.Locked.class).take(tasks - 1).blockLast(PATIENCE);

            sqld.kill();
            outage.tryEmitEmpty().orThrow();
            assertThatThrownBy(() -> storage.push(new Work("late", 1)).block(PATIENCE))
                    .hasMessageContaining("cannot reach");
            sqld.startAgain();

            assertThat(outcomes).succeedsWithin(PATIENCE);
            events.await(StorageEvent.WorkerStopped.class);
            Report.add("2 sqld away for longer than keep_alive", 1, Checker.check(TestDatabase.at(url), folder));
        }
    }
}
