package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.Config;
import dev.pollux.StorageEvent;
import dev.pollux.StorageListener;
import dev.pollux.testing.TestDatabase;
import io.r2dbc.spi.ConnectionFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * A load in this JVM: one that pushes and some that work, each through a connection factory of its own, as processes
 * would.
 */
final class LoadHere implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final Duration BETWEEN_PUSHES = Duration.ofMillis(2);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(100);

    private final TestDatabase database;
    private final Path folder;
    private final Supplier<? extends ConnectionFactory> factories;
    private final UnaryOperator<Config.Builder> settings;
    private final List<Ledger> ledgers = new ArrayList<>();
    private final Sinks.Empty<Void> stop = Sinks.empty();
    private final Semaphore stopped = new Semaphore(0);
    private int workers;

    /**
     * @param database what is looked into, past all faults
     * @param folder where the ledgers go
     * @param factories what the load itself goes through
     */
    LoadHere(
            TestDatabase database,
            Path folder,
            Supplier<? extends ConnectionFactory> factories,
            UnaryOperator<Config.Builder> settings) {
        this.database = database;
        this.folder = folder;
        this.factories = factories;
        this.settings = settings;
    }

    private Load part(String name) throws IOException {
        Ledger ledger = Ledger.open(folder, name);
        ledgers.add(ledger);
        StorageListener whenStopped = event -> {
            if (event instanceof StorageEvent.WorkerStopped) {
                stopped.release();
            }
        };
        return Load.on(
                factories.get(),
                ledger,
                config ->
                        settings.apply(config.listener(StorageListener.logging().and(whenStopped))));
    }

    /** Sets the database up, as often as it takes, and begins to write its steps down. */
    void setUp() throws IOException {
        part("setup").storage().setup().retry().block(PATIENCE);
        Audit.begin(database);
    }

    /** Starts some more workers. */
    void startWorkers(int many) throws IOException {
        for (int i = 0; i < many; i++) {
            String name = "worker" + workers++;
            part(name).work(name, tasks -> tasks.takeUntilOther(stop.asMono())).subscribe();
        }
    }

    /** Pushes until it is enough; {@code name} must not be used twice. Emits how many tasks were pushed. */
    Mono<Long> push(String name, BooleanSupplier enough) throws IOException {
        return part(name)
                .push(
                        name,
                        Flux.interval(BETWEEN_PUSHES).onBackpressureDrop().takeUntil(number -> enough.getAsBoolean()))
                .reduce(0L, Long::sum);
    }

    /** Pushes until it is enough, and waits for the last push. */
    void pushUntil(BooleanSupplier enough) throws IOException {
        push("producer", enough).block(PATIENCE);
    }

    /** Waits until tasks are done that were not before. */
    void awaitMoreDone() {
        long before = database.number("SELECT count(*) FROM Jobs WHERE status = 'Done'");
        database.becomes(
                        "SELECT count(*) >= " + (before + 20) + " FROM Jobs WHERE status = 'Done'",
                        1L,
                        Flux.interval(BETWEEN_LOOKS))
                .block(PATIENCE);
    }

    /** Waits until every task has ended. */
    void awaitAllEnded() {
        database.becomes(
                        "SELECT count(*) FROM Jobs WHERE status NOT IN ('Done', 'Killed')",
                        0L,
                        Flux.interval(BETWEEN_LOOKS))
                // A connection that is kept alive may be one to a server that was killed.
                .retry()
                .block(PATIENCE);
    }

    /** Waits until every task has ended, has the workers end, and checks. */
    Verdict finish() throws IOException, InterruptedException {
        awaitEnd();
        return Checker.check(database, folder);
    }

    /** The same for workers whose poll had failed, which cancels the handlers that run: they give their tasks back. */
    Verdict finishWithReleases() throws IOException, InterruptedException {
        awaitEnd();
        return Checker.checkWithReleases(database, folder);
    }

    private void awaitEnd() throws InterruptedException {
        awaitAllEnded();
        stop.tryEmitEmpty().orThrow();
        assertThat(stopped.tryAcquire(workers, PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .as("workers stop within %s", PATIENCE)
                .isTrue();
    }

    @Override
    public void close() throws IOException {
        stop.tryEmitEmpty();
        for (Ledger ledger : ledgers) {
            ledger.close();
        }
    }
}
