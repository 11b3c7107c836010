package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.Config;
import dev.pollux.LibsqlException;
import dev.pollux.LibsqlStorage;
import dev.pollux.NewTask;
import dev.pollux.Outcome;
import dev.pollux.StorageEvent;
import dev.pollux.StorageListener;
import dev.pollux.Task;
import dev.pollux.TaskCodec;
import dev.pollux.TaskId;
import dev.pollux.TaskStatus;
import dev.pollux.Worker;
import dev.pollux.faults.HostileHandler.End;
import dev.pollux.testing.CapturedLog;
import dev.pollux.testing.Events;
import dev.pollux.testing.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Handlers, codecs, retry policies and listeners that do what they should not. Their task ends as promised, or its lease
 * does; all others go on, and what went wrong is told.
 */
abstract class HostileCodeContract {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(50);
    private static final int AT_ONCE = 64;
    private static final String HEALTHY = "healthy";

    private final Events events = new Events();
    private final List<Disposable> running = new ArrayList<>();

    @TempDir
    private Path folder;

    private TestDatabase database = TestDatabase.at("r2dbc:libsql:mem:///unused");
    private CapturedLog reactorLog = CapturedLog.of("reactor");
    private CapturedLog log = CapturedLog.of("dev.pollux");

    /** An empty database of the transport under test. */
    abstract TestDatabase emptyDatabase();

    /** What results call it. */
    abstract String transport();

    @BeforeEach
    void setUp() {
        database = emptyDatabase();
        LibsqlStorage.create(database.factory(), Work.class, Config.of(Load.QUEUE))
                .setup()
                .block(PATIENCE);
        Audit.begin(database);
    }

    @AfterEach
    void stop() {
        running.forEach(Disposable::dispose);
        awaitAllStopped();
        reactorLog.close();
        log.close();
    }

    private Load load(Ledger ledger, UnaryOperator<Config.Builder> settings) {
        return Load.on(
                database.factory(),
                ledger,
                config -> settings.apply(
                        config.bufferSize(AT_ONCE).drainTime(Duration.ofMillis(500)).listener(events)));
    }

    private void awaitAllStopped() {
        for (StorageEvent.WorkerStarted started : events.of(StorageEvent.WorkerStarted.class)) {
            events.await(
                    StorageEvent.WorkerStopped.class,
                    stopped -> stopped.worker().equals(started.worker()));
        }
    }

    private void assertNoLeaseIsLeft() {
        assertThat(database.sql("SELECT id, status, lock_by FROM Jobs WHERE status IN ('Queued', 'Running')"))
                .isEmpty();
        assertThat(database.sql("SELECT id FROM Workers")).isEmpty();
    }

    private void becomes(String where, long count) {
        try {
            database.becomes("SELECT count(*) FROM Jobs WHERE " + where, count, Flux.interval(BETWEEN_LOOKS))
                    .block(PATIENCE);
        } catch (IllegalStateException e) {
            throw new AssertionError(
                    "not " + count + " tasks " + where + ", but: "
                            + database.sql("SELECT job ->> 'producer', status, attempts, count(*) FROM Jobs WHERE NOT ("
                                    + where + ") GROUP BY 1, 2, 3 LIMIT 10"),
                    e);
        }
    }

    private static String isOf(String producer) {
        return "job ->> 'producer' = '" + producer.replace("'", "''") + "'";
    }

    /** Pushes hostile handlers' tasks, each with a healthy one behind it. */
    private static void push(Load load, List<HostileHandler> handlers, int round) {
        List<NewTask<Work>> tasks = new ArrayList<>();
        for (HostileHandler handler : handlers) {
            tasks.add(NewTask.of(new Work(handler.name(), round))
                    .id(TaskId.next())
                    .maxAttempts(2));
            tasks.add(NewTask.of(new Work(HEALTHY, (long) round * handlers.size() + tasks.size()))
                    .id(TaskId.next())
                    .maxAttempts(2));
        }
        List<TaskId> ids = tasks.stream().map(NewTask::id).toList();
        load.ledger().pushing(ids);
        load.storage().pushAllTasks(Flux.fromIterable(tasks)).block(PATIENCE);
        load.ledger().pushed(ids);
    }

    /** Handles each task as the handler of its producer's name does; others are healthy. */
    private static Function<Task<Work>, Publisher<String>> as(Load load, List<HostileHandler> handlers) {
        Map<String, HostileHandler> byName =
                handlers.stream().collect(Collectors.toMap(HostileHandler::name, Function.identity()));
        return task -> {
            // An interruption that a handler left would close the ledger.
            boolean interrupted = Thread.interrupted();
            String run = load.ledger().run(task);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            HostileHandler handler = byName.get(task.args().producer());
            return handler == null ? Mono.just(run) : handler.run(run);
        };
    }

    private Disposable work(
            Load load, Function<Task<Work>, ? extends Publisher<String>> handler, int concurrency, Publisher<?> until) {
        Disposable work = load.storage()
                .poll(Worker.named("worker"))
                .takeUntilOther(until)
                .transform(load.storage().lock())
                .flatMap(load.storage().<String>ack(handler::apply), concurrency)
                .subscribe();
        running.add(work);
        return work;
    }

    private Disposable work(Load load, Function<Task<Work>, ? extends Publisher<String>> handler) {
        return work(load, handler, AT_ONCE, Mono.never());
    }

    // ---- handlers

    @Test
    void everyTaskOfAHostileHandlerEndsAsPromised() throws Exception {
        int rounds = Scale.of(1, 30);
        List<HostileHandler> handlers = HostileHandler.that(false);
        try (Ledger ledger = Ledger.open(folder, "ending")) {
            Load load = load(ledger, config -> config);
            for (int round = 0; round < rounds; round++) {
                push(load, handlers, round);
            }
            Disposable one = work(load, as(load, handlers));
            Disposable other = work(load, as(load, handlers));

            becomes("status IN ('Done', 'Killed')", 2L * rounds * handlers.size());

            one.dispose();
            other.dispose();
            awaitAllStopped();
            assertNoLeaseIsLeft();
            for (HostileHandler handler : handlers) {
                assertEnded(handler, rounds);
            }
            assertThat(database.sql("SELECT status, attempts, count(*) FROM Jobs WHERE " + isOf(HEALTHY)
                            + " GROUP BY 1, 2"))
                    .containsExactly(List.of("Done", 0L, (long) rounds * handlers.size()));
            // Whatever a handler throws after its end is of no use to anybody, and is logged.
            for (HostileHandler handler : handlers) {
                if (handler.name().matches("(fails twice|.* after its end)") && !handler.name().startsWith("emits")) {
                    assertThat(reactorLog.texts())
                            .anyMatch(text -> text.contains("dropped: " + handler.name()));
                }
            }
            Report.add(
                    "7 hostile handlers, " + transport(),
                    (long) rounds * handlers.size(),
                    Checker.check(database, folder));
        }
    }

    private void assertEnded(HostileHandler handler, int rounds) {
        List<List<Object>> ends = new ArrayList<>();
        for (List<?> row : database.sql("SELECT status, attempts, coalesce(last_error ->> 'Err', '') FROM Jobs WHERE "
                + isOf(handler.name()))) {
            ends.add(List.of(row.get(0), row.get(1)));
            assertThat(row.get(2).toString()).as(handler.name()).contains(handler.words());
        }
        List<Object> end = switch (handler.end()) {
            case DONE -> List.of("Done", 0L);
            case FAILED -> List.of("Killed", 2L);
            case KILLED -> List.of("Killed", 1L);
            case HANGS -> throw new AssertionError("does not end: " + handler);
        };
        assertThat(ends).as(handler.name()).hasSize(rounds).containsOnly(end);
    }

    @Test
    void aHandlerThatHangsGivesItsLeaseBackWhenItIsCancelled() throws Exception {
        List<HostileHandler> handlers = HostileHandler.that(true);
        try (Ledger ledger = Ledger.open(folder, "hanging")) {
            // The leases do not wait for the drain time to be over.
            Load load = load(ledger, config -> config.drainTime(Duration.ofHours(1)));
            push(load, handlers, 0);
            Disposable work = work(load, as(load, handlers));
            becomes("status = 'Done'", handlers.size());
            becomes("status = 'Running'", handlers.size());

            work.dispose();

            becomes("status = 'Pending' AND attempts = 0 AND lock_by IS NULL", handlers.size());
            awaitAllStopped();
            assertNoLeaseIsLeft();
            for (HostileHandler handler : handlers) {
                if (handler.name().matches("(fails|throws).* when it is cancelled")) {
                    assertThat(reactorLog.texts())
                            .anyMatch(text -> text.contains("dropped: " + handler.name()));
                }
            }
            runHealthily(load);
            Report.add(
                    "7 handlers that hang and are cancelled, " + transport(),
                    handlers.size(),
                    Checker.checkWithReleases(database, folder));
        }
    }

    @Test
    void aHandlerThatHangsLosesItsLeaseWhenTheDrainTimeIsOver() throws Exception {
        List<HostileHandler> handlers = HostileHandler.that(true);
        Sinks.Empty<Void> stop = Sinks.empty();
        try (Ledger ledger = Ledger.open(folder, "draining")) {
            Load load = load(ledger, config -> config);
            push(load, handlers, 0);
            Disposable work = work(load, as(load, handlers), AT_ONCE, stop.asMono());
            becomes("status = 'Done'", handlers.size());

            stop.tryEmitEmpty().orThrow();

            awaitAllStopped();
            assertThat(events.of(StorageEvent.WorkerStopped.class).get(0).released())
                    .isEqualTo(handlers.size());
            becomes("status = 'Pending' AND attempts = 0 AND lock_by IS NULL", handlers.size());
            assertNoLeaseIsLeft();
            runHealthily(load);
            // The handlers still hang: what they do when they are cancelled is too late to change anything.
            work.dispose();
            Report.add(
                    "7 handlers that hang until the drain time is over, " + transport(),
                    handlers.size(),
                    Checker.checkWithReleases(database, folder));
        }
    }

    private void runHealthily(Load load) {
        Disposable healthy = work(load, as(load, List.of()));
        becomes("status = 'Done'", database.number("SELECT count(*) FROM Jobs"));
        healthy.dispose();
        awaitAllStopped();
        assertNoLeaseIsLeft();
    }
}
