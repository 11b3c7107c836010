package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.Config;
import dev.pollux.LibsqlException;
import dev.pollux.LibsqlStorage;
import dev.pollux.NewTask;
import dev.pollux.StorageEvent;
import dev.pollux.StorageListener;
import dev.pollux.Task;
import dev.pollux.TaskCodec;
import dev.pollux.TaskId;
import dev.pollux.TaskStatus;
import dev.pollux.Worker;
import dev.pollux.testing.CapturedLog;
import dev.pollux.testing.Events;
import dev.pollux.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.Exceptions;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

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
    private final Map<String, Integer> runs = new ConcurrentHashMap<>();

    @TempDir
    private Path folder;

    private TestDatabase database = TestDatabase.at("r2dbc:libsql:mem:///unused");
    private CapturedLog reactorLog = CapturedLog.of("reactor");
    private CapturedLog log = CapturedLog.of("dev.pollux");

    abstract Target target();

    @BeforeEach
    void setUp() {
        database = target().emptyDatabase();
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

    /** Counts a run of a task that no ledger notes; gives which it is. */
    private int countRun(Task<?> task) {
        return runs.merge(task.id().value(), 1, Integer::sum);
    }

    private int tasks() {
        return (int) database.number("SELECT count(*) FROM Jobs");
    }

    /** How many tasks have not ended. */
    private int lost() {
        return (int) database.number("SELECT count(*) FROM Jobs WHERE status NOT IN ('Done', 'Killed')");
    }

    /** How many of the runs that were counted had no try that failed, nor a lease that was given back, before them. */
    private int duplicated() {
        Map<String, Long> released = Audit.releasedRunning(database);
        long duplicated = 0;
        for (List<?> row : database.sql("SELECT id, attempts + (status <> 'Killed') FROM Jobs")) {
            String task = (String) row.get(0);
            long caused = (Long) row.get(1) + released.getOrDefault(task, 0L);
            duplicated += Math.max(0, runs.getOrDefault(task, 0) - caused);
        }
        return (int) duplicated;
    }

    /** What the runs that were counted, and the steps in the database, say. */
    private Verdict verdict() {
        return new Verdict(tasks(), lost(), duplicated(), List.copyOf(Audit.illegalSteps(database)));
    }

    private Load load(Ledger ledger, UnaryOperator<Config.Builder> settings) {
        return Load.on(
                database.factory(),
                ledger,
                config -> settings.apply(config.bufferSize(AT_ONCE)
                        .drainTime(Duration.ofMillis(500))
                        .listener(events)));
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

    /** Not on a parallel thread, which a hostile handler may keep. */
    private static Flux<Long> looks() {
        return Flux.interval(BETWEEN_LOOKS, Schedulers.boundedElastic());
    }

    private void becomes(String where, long count) {
        try {
            database.becomes("SELECT count(*) FROM Jobs WHERE " + where, count, looks())
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
            tasks.add(NewTask.of(new Work(HEALTHY, (long) round * 2 * handlers.size() + tasks.size()))
                    .id(TaskId.next())
                    .maxAttempts(2));
        }
        push(load, tasks);
    }

    /** Handles each task as the handler of its producer's name does; others are healthy. */
    private static Function<Task<Work>, Publisher<String>> as(Load load, List<HostileHandler> handlers) {
        Map<String, HostileHandler> byName =
                handlers.stream().collect(Collectors.toMap(HostileHandler::name, Function.identity()));
        return task -> {
            // An interruption that a handler left would close the ledger.
            boolean interrupted = Thread.interrupted();
            String run = load.ledger().run(task);
            HostileHandler handler = byName.get(task.args().producer());
            if (handler != null && handler.end() == HostileHandler.End.EMPTY) {
                load.ledger().empty(run);
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            return handler == null ? Mono.just(run) : handler.run(run);
        };
    }

    private Disposable work(
            Load load, Function<Task<Work>, ? extends Publisher<String>> handler, int concurrency, Publisher<?> until) {
        Disposable work = load.storage()
                .poll(Worker.named("worker"))
                .takeUntilOther(until)
                .transform(load.storage().lock())
                .flatMap(load.storage().<String>ack(handler), concurrency)
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
            assertThat(database.sql(
                            "SELECT status, attempts, count(*) FROM Jobs WHERE " + isOf(HEALTHY) + " GROUP BY 1, 2"))
                    .containsExactly(List.of("Done", 0L, (long) rounds * handlers.size()));
            // Whatever a handler throws after its end is of no use to anybody, and is logged.
            for (HostileHandler handler : handlers) {
                if (handler.name().matches("(fails twice|.* after its end)")
                        && !handler.name().startsWith("emits")) {
                    assertThat(reactorLog.texts()).anyMatch(text -> text.contains("dropped: " + handler.name()));
                }
            }
            Report.add(
                    "7 hostile handlers, " + target().name(),
                    (long) rounds * handlers.size(),
                    Checker.check(database, folder));
        }
    }

    private void assertEnded(HostileHandler handler, int rounds) {
        List<List<Object>> ends = new ArrayList<>();
        for (List<?> row : database.sql("SELECT status, attempts, coalesce(last_error ->> 'Err', ''),"
                + " last_error = '{\"Ok\":null}' FROM Jobs WHERE "
                + isOf(handler.name()))) {
            ends.add(List.of(row.get(0), row.get(1)));
            assertThat(row.get(2).toString()).as(handler.name()).contains(handler.words());
            assertThat(row.get(3)).as(handler.name()).isEqualTo(handler.end() == HostileHandler.End.EMPTY ? 1L : 0L);
        }
        List<Object> end = switch (handler.end()) {
            case DONE, EMPTY -> List.of("Done", 0L);
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
                    assertThat(reactorLog.texts()).anyMatch(text -> text.contains("dropped: " + handler.name()));
                }
            }
            runHealthily(load);
            Report.add(
                    "7 handlers that hang and are cancelled, " + target().name(),
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
                    "7 handlers that hang until the drain time is over, " + target().name(),
                    handlers.size(),
                    Checker.checkWithReleases(database, folder));
        }
    }

    /** Longer than leases live without a beat, while somebody else sweeps. */
    @Test
    void aHandlerThatBlocksItsThreadCostsNobodyALease() throws Exception {
        int rounds = Scale.of(1, 10);
        int workers = 4;
        int healthy = 50;
        Events others = new Events();
        LibsqlStorage<Work> sweeper = LibsqlStorage.create(
                database.anotherFactory(),
                Work.class,
                Config.builder(Load.QUEUE)
                        .keepAlive(Load.KEEP_ALIVE)
                        .reenqueueOrphanedAfter(Load.ORPHANED_AFTER)
                        .drainTime(Duration.ZERO)
                        .listener(others)
                        .build());
        // Without demand: it takes nothing, and sweeps.
        running.add(sweeper.poll(Worker.named("sweeper")).subscribeWith(new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {}
        }));
        try (Ledger ledger = Ledger.open(folder, "blocking")) {
            Load load = load(ledger, config -> config.bufferSize(4).drainTime(Duration.ofSeconds(20)));
            for (int round = 0; round < rounds; round++) {
                CountDownLatch blocked = new CountDownLatch(1);
                Sinks.Empty<Void> waits = Sinks.empty();
                Function<Task<Work>, Publisher<String>> handler = task -> {
                    String run = ledger.run(task);
                    switch (task.args().producer()) {
                        case "blocks" -> await(blocked);
                        case "waits" -> {
                            return waits.asMono().thenReturn(run);
                        }
                        default -> {}
                    }
                    return Mono.just(run);
                };
                Sinks.Empty<Void> stop = Sinks.empty();
                for (int worker = 0; worker < workers; worker++) {
                    work(load, handler, 2 * workers, stop.asMono());
                }
                push(load, "waits", round * workers, workers);
                becomes("status = 'Running' AND " + isOf("waits"), workers);
                push(load, "blocks", round, 1);
                becomes("status = 'Running' AND " + isOf("blocks"), 1);

                try {
                    long now = database.number("SELECT unixepoch()");
                    database.becomes("SELECT unixepoch() > " + (now + 2 * Load.ORPHANED_AFTER.toSeconds()), 1L, looks())
                            .block(PATIENCE);
                    // Of these, the worker that is blocked may have fetched some: those wait for it.
                    push(load, HEALTHY, round * healthy, healthy);
                    database.becomes(
                                    "SELECT count(*) >= " + (round * healthy + 10)
                                            + " FROM Jobs WHERE status = 'Done' AND " + isOf(HEALTHY),
                                    1L,
                                    looks())
                            .block(PATIENCE);
                } finally {
                    blocked.countDown();
                    waits.tryEmitEmpty().orThrow();
                }
                becomes("status = 'Done'", (long) (round + 1) * (workers + 1 + healthy));
                stop.tryEmitEmpty().orThrow();
                awaitAllStopped();
            }
            assertThat(others.of(StorageEvent.Orphaned.class)).isEmpty();
            Report.add(
                    "7 handlers that block their thread, " + target().name(), rounds, Checker.check(database, folder));
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void push(Load load, String producer, int from, int many) {
        List<NewTask<Work>> tasks = IntStream.range(from, from + many)
                .mapToObj(i -> NewTask.of(new Work(producer, i)).id(TaskId.next()))
                .toList();
        push(load, tasks);
    }

    private static void push(Load load, List<NewTask<Work>> tasks) {
        List<TaskId> ids = tasks.stream().map(NewTask::id).toList();
        load.ledger().pushing(ids);
        load.storage().pushAllTasks(Flux.fromIterable(tasks)).block(PATIENCE);
        load.ledger().pushed(ids);
    }

    private void runHealthily(Load load) {
        Disposable healthy = work(load, as(load, List.of()));
        becomes("status = 'Done'", database.number("SELECT count(*) FROM Jobs"));
        healthy.dispose();
        awaitAllStopped();
        assertNoLeaseIsLeft();
    }

    // ---- handlers that call the storage

    private record Caller(String name, String end, long runs, Function<Call, Mono<?>> call) {}

    /** A task at work, and its storage. */
    private record Call(LibsqlStorage<Work> storage, Task<Work> task) {}

    private static List<Caller> callers() {
        return List.of(
                new Caller(
                        "looks for itself",
                        "Done",
                        1,
                        call -> call.storage()
                                .fetchById(call.task().id())
                                .doOnNext(task -> assertThat(task.status()).isEqualTo(TaskStatus.RUNNING))),
                new Caller(
                        "pushes a follower",
                        "Done",
                        1,
                        call -> call.storage()
                                .push(new Work(HEALTHY, call.task().args().number()))),
                new Caller(
                        "pushes itself again",
                        "Done",
                        1,
                        call -> call.storage()
                                .push(NewTask.of(call.task().args())
                                        .id(call.task().id()))),
                new Caller(
                        "locks itself again", "Done", 1, call -> call.storage().lock(call.task())),
                new Caller(
                        "sweeps and sets up",
                        "Done",
                        1,
                        call -> Mono.when(
                                call.storage().reenqueueOrphaned(),
                                call.storage().setup())),
                new Caller(
                        "polls",
                        "Done",
                        1,
                        call -> call.storage()
                                .poll(Worker.named("inner"))
                                .takeUntilOther(Mono.delay(BETWEEN_LOOKS))
                                .concatMap(task -> call.storage().release(task))
                                .then()),
                // What it did to its lease counts, not what it gives.
                new Caller(
                        "says that it is done, and fails",
                        "Done",
                        1,
                        call -> call.storage()
                                .ackDone(call.task(), "by itself")
                                .then(Mono.error(new IllegalStateException("too late")))),
                new Caller(
                        "says that it failed, and ends",
                        "Killed",
                        2,
                        call -> call.storage().ackFailed(call.task(), new IllegalStateException("by itself"))),
                new Caller(
                        "gives itself back once, and ends",
                        "Done",
                        2,
                        call -> call.storage().release(call.task())));
    }

    @Test
    void aHandlerMayCallItsStorage() throws Exception {
        int rounds = Scale.of(1, 50);
        List<Caller> callers = callers();
        try (Ledger ledger = Ledger.open(folder, "calling")) {
            Load load = load(ledger, config -> config);
            for (Caller caller : callers) {
                List<NewTask<Work>> tasks = IntStream.range(0, rounds)
                        .mapToObj(i -> NewTask.of(new Work(caller.name(), i))
                                .id(TaskId.next())
                                .maxAttempts(2))
                        .toList();
                load.storage().pushAllTasks(Flux.fromIterable(tasks)).block(PATIENCE);
            }
            Map<String, Caller> byName = callers.stream().collect(Collectors.toMap(Caller::name, Function.identity()));
            Disposable work = work(load, task -> {
                int run = countRun(task);
                Caller caller = byName.get(task.args().producer());
                if (caller == null || (caller.name().startsWith("gives") && run > 1)) {
                    return Mono.just("ok");
                }
                return caller.call().apply(new Call(load.storage(), task)).thenReturn("ok");
            });

            // One task has a follower.
            long tasks = (long) rounds * (callers.size() + 1);
            becomes("status IN ('Done', 'Killed')", tasks);

            work.dispose();
            awaitAllStopped();
            assertNoLeaseIsLeft();
            List<String> wrong = new ArrayList<>();
            int again = 0;
            for (Caller caller : callers) {
                for (List<?> row : database.sql("SELECT status, id FROM Jobs WHERE " + isOf(caller.name()))) {
                    int times = runs.getOrDefault((String) row.get(1), 0);
                    again += (int) Math.max(0, times - caller.runs());
                    // The outcome of a run that gave its task back may have met the next lease of the same worker.
                    boolean least = times == caller.runs() || (caller.name().startsWith("gives") && times > 0);
                    if (!caller.end().equals(row.get(0)) || !least) {
                        wrong.add(caller.name() + ": " + row + ", run " + times + " times");
                    }
                }
            }
            wrong.addAll(Audit.illegalSteps(database));
            // The handler's own outcome came after its lease was over, and somebody is told so.
            assertThat(events.of(StorageEvent.LeaseLost.class)).hasSizeGreaterThanOrEqualTo(3 * rounds);
            Report.add(
                    "7 handlers that call their storage, " + target().name(),
                    (long) rounds * callers.size(),
                    new Verdict(tasks(), lost(), again, wrong));
        }
    }

    /** It cancels the handler that is at work, and so gives the task back. */
    @Test
    void aHandlerMayStopItsOwnPipeline() throws Exception {
        try (Ledger ledger = Ledger.open(folder, "stopping")) {
            Load load = load(ledger, config -> config);
            Disposable.Swap pipeline = Disposables.swap();
            CountDownLatch set = new CountDownLatch(1);
            CompletableFuture<String> stopped = new CompletableFuture<>();
            push(load, "stops", 0, 1);
            pipeline.update(work(
                    load,
                    task -> Mono.fromCallable(() -> {
                                String run = ledger.run(task);
                                await(set);
                                pipeline.dispose();
                                stopped.complete(run);
                                return run;
                            })
                            .subscribeOn(Schedulers.boundedElastic())));
            set.countDown();

            assertThat(stopped).succeedsWithin(PATIENCE);
            becomes("status = 'Pending' AND attempts = 0 AND lock_by IS NULL", 1);
            awaitAllStopped();
            assertNoLeaseIsLeft();
            runHealthily(load);
            Report.add(
                    "7 handlers that stop their pipeline, " + target().name(),
                    1,
                    Checker.checkWithReleases(database, folder));
        }
    }

    /** The pipeline is broken for good, as Reactor's operators then are, and hears nothing; the tasks must not wait for it. */
    @Test
    void aPipelineThatThrowsAnErrorAtOutcomesGivesItsTasksBack() throws Exception {
        try (Ledger ledger = Ledger.open(folder, "throwing")) {
            Load load = load(ledger, config -> config.bufferSize(4));
            push(load, HEALTHY, 0, 20);
            AtomicInteger thrown = new AtomicInteger();
            running.add(load.storage()
                    .poll(Worker.named("worker"))
                    .transform(load.storage().lock())
                    .flatMap(load.storage().<String>ack(load::run), 2)
                    .subscribe(outcome -> {
                        thrown.incrementAndGet();
                        throw new NoClassDefFoundError("on purpose");
                    }));

            events.await(StorageEvent.WorkerStopped.class);

            assertNoLeaseIsLeft();
            runHealthily(load);
            Report.add(
                    "7 pipelines that throw, " + target().name(),
                    thrown.get(),
                    Checker.checkWithReleases(database, folder));
        }
    }

    // ---- what handlers give

    /** A result that Jackson writes by calling a getter. */
    public static final class Written {
        private final Supplier<Object> text;

        Written(Supplier<Object> text) {
            this.text = text;
        }

        /** Throws, or gives what cannot be written. */
        public Object getText() {
            return text.get();
        }
    }

    private static Object thrown(Error error) {
        throw error;
    }

    private static Object deeper() {
        return new Written(HostileCodeContract::deeper);
    }

    @Test
    void aResultThatCannotBeWrittenIsNullAndReported() throws Exception {
        List<Written> results = List.of(
                new Written(() -> {
                    throw new IllegalStateException("on purpose");
                }),
                new Written(() -> thrown(new AssertionError("on purpose"))),
                new Written(() -> thrown(new StackOverflowError("on purpose"))),
                new Written(() -> thrown(new NoClassDefFoundError("on purpose"))),
                new Written(HostileCodeContract::deeper));
        int rounds = Scale.of(1, 50);
        try (Ledger ledger = Ledger.open(folder, "results")) {
            Load load = load(ledger, config -> config);
            push(load, "results", 0, rounds * results.size());
            running.add(load.storage()
                    .poll(Worker.named("worker"))
                    .transform(load.storage().lock())
                    .flatMap(load.storage().<Object>ack(task -> {
                        countRun(task);
                        return Mono.just(results.get((int) task.args().number() % results.size()));
                    }))
                    .subscribe());

            becomes(
                    "status = 'Done' AND attempts = 0 AND last_error = '{\"Ok\":null}'",
                    (long) rounds * results.size());

            assertThat(events.of(StorageEvent.ResultNotStored.class)).hasSize(rounds * results.size());
            Report.add(
                    "7 results that cannot be written, " + target().name(), (long) rounds * results.size(), verdict());
        }
    }

    @Test
    void aRetryPolicyThatThrowsAnErrorLosesNoOutcome() throws Exception {
        try (Ledger ledger = Ledger.open(folder, "policy")) {
            List<Supplier<Duration>> policies = List.of(
                    () -> (Duration) thrown(new AssertionError("on purpose")),
                    () -> (Duration) thrown(new StackOverflowError("on purpose")),
                    () -> (Duration) thrown(new NoClassDefFoundError("on purpose")),
                    () -> Duration.ofSeconds(Long.MIN_VALUE),
                    () -> Duration.ofMillis(-1));
            Load load = load(
                    ledger,
                    config -> config.retryPolicy((attempt, error) ->
                            policies.get(Integer.parseInt(error.getMessage())).get()));
            push(load, "policy", 0, policies.size());
            work(
                    load,
                    task -> load.run(task)
                            .flatMap(run -> task.attempt() == 1
                                    ? Mono.error(new IllegalStateException(
                                            "" + task.args().number()))
                                    : Mono.just(run)));

            becomes("status = 'Done' AND attempts = 1", policies.size());

            assertThat(events.of(StorageEvent.Fault.class))
                    .extracting(StorageEvent.Fault::step)
                    .containsOnly("retry policy")
                    .hasSize(3);
            Report.add(
                    "7 retry policies that throw, " + target().name(),
                    policies.size(),
                    Checker.check(database, folder));
        }
    }

    // ---- codecs

    /** A codec whose payload says what it does to it. */
    private static final class HostileCodec implements TaskCodec<Work> {

        private static final List<String> KINDS =
                List.of("null", "exception", "checked", "assertion", "stack", "class");

        private final TaskCodec<Work> json = TaskCodec.json(Work.class);

        @Override
        public byte[] encode(Work work) {
            return hostile("writes ", work, json::encode);
        }

        @Override
        public Work decode(byte[] bytes) {
            return hostile("reads ", json.decode(bytes), work -> work);
        }

        private static <V> V hostile(String verb, Work work, Function<Work, V> healthy) {
            if (!work.producer().startsWith(verb)) {
                return healthy.apply(work);
            }
            String kind = work.producer().substring(verb.length());
            return switch (kind) {
                case "null" -> HostileHandler.nothing();
                case "exception" -> throw new IllegalStateException("secret");
                case "checked" -> HostileHandler.sneak(new IOException("secret"));
                case "assertion" -> throw new AssertionError("secret");
                case "stack" -> throw new StackOverflowError("secret");
                default -> throw new NoClassDefFoundError("secret");
            };
        }
    }

    @Test
    void aCodecThatThrowsHarmsOnlyItsOwnTask() throws Exception {
        int rounds = Scale.of(2, 50);
        LibsqlStorage<Work> storage = LibsqlStorage.create(
                database.factory(),
                new HostileCodec(),
                Config.builder(Load.QUEUE)
                        .listener(events)
                        .drainTime(Duration.ZERO)
                        .build());
        for (int round = 0; round < rounds; round++) {
            for (String kind : HostileCodec.KINDS) {
                for (Mono<Void> push : List.of(
                        storage.push(new Work("writes " + kind, round)),
                        storage.pushAll(Flux.just(new Work("writes " + kind, round))),
                        storage.pushAll(Mono.delay(Duration.ofMillis(1)).map(tick -> new Work("writes " + kind, 0))))) {
                    assertThatThrownBy(() -> push.block(PATIENCE))
                            .isInstanceOf(LibsqlException.class)
                            .hasMessageMatching("push \\(queue 'load', task .*\\): cannot write the task's payload: .*")
                            .hasMessageNotContaining("secret")
                            .hasNoCause();
                }
                storage.push(new Work("reads " + kind, round)).block(PATIENCE);
                storage.push(new Work(HEALTHY, round)).block(PATIENCE);
            }
        }
        int tasks = rounds * HostileCodec.KINDS.size();
        assertThat(database.number("SELECT count(*) FROM Jobs")).isEqualTo(2L * tasks);
        for (List<?> row : database.sql("SELECT id FROM Jobs WHERE job ->> 'producer' LIKE 'reads %'")) {
            assertThatThrownBy(() ->
                            storage.fetchById(new TaskId((String) row.get(0))).block(PATIENCE))
                    .isInstanceOf(LibsqlException.class)
                    .hasMessageContaining("cannot read its payload")
                    .hasMessageNotContaining("secret")
                    .hasNoCause();
        }
        List<List<Object>> payloads = payloads();

        running.add(storage.poll(Worker.named("worker"))
                .transform(storage.lock())
                .flatMap(storage.<String>ack(task -> {
                    countRun(task);
                    return Mono.just("ok");
                }))
                .subscribe());

        becomes("status = 'Done' AND attempts = 0 AND job ->> 'producer' = 'healthy'", tasks);
        becomes(
                "status = 'Killed' AND last_error LIKE '%cannot read the payload%' AND last_error NOT LIKE '%secret%'",
                tasks);
        assertThat(payloads()).isEqualTo(payloads);
        assertThat(events.of(StorageEvent.Poisoned.class)).hasSize(tasks);
        Report.add("7 codecs that throw, " + target().name(), 4L * tasks, verdict());
    }

    private List<List<Object>> payloads() {
        List<List<Object>> payloads = new ArrayList<>();
        database.sql("SELECT id, hex(job) FROM Jobs ORDER BY id").forEach(row -> payloads.add(List.copyOf(row)));
        return payloads;
    }

    // ---- listeners

    private static List<Supplier<Throwable>> thrownByListeners() {
        return List.of(
                () -> new IllegalStateException("on purpose"),
                () -> new IOException("on purpose"),
                () -> new AssertionError("on purpose"),
                () -> new OutOfMemoryError("on purpose"),
                () -> new NoClassDefFoundError("on purpose"),
                () -> Exceptions.errorCallbackNotImplemented(new IOException("on purpose")),
                () -> new HostileHandler.Unspeakable(() -> {
                    throw new IllegalStateException("no words");
                }));
    }

    /** At every kind of event there is, it throws; the queue does what it does otherwise, and the next listener is told. */
    @Test
    void aListenerThatThrowsIsLoggedAndHarmsNobody() throws Exception {
        int events = 0;
        Verdict all = new Verdict(0, 0, 0, List.of());
        for (Supplier<Throwable> error : thrownByListeners()) {
            database.sql("DELETE FROM Jobs; DELETE FROM Audit; DELETE FROM Workers");
            Events told = new Events();
            StorageListener hostile = event -> HostileHandler.sneak(error.get());
            everythingHappens(told, hostile.and(told));
            assertThat(told.flux()
                            .take(told.of(StorageEvent.class).size())
                            .map(Object::getClass)
                            .toIterable())
                    .containsAll(List.of(StorageEvent.class.getPermittedSubclasses()));
            all = all.and(verdict());
            events += told.of(StorageEvent.class).size();
        }
        assertThat(log.texts())
                .hasSizeGreaterThanOrEqualTo(events)
                .allMatch(text -> text.startsWith("a storage listener failed on"));
        Report.add("7 listeners that throw, " + target().name(), events, all);
    }

    /** Brings about every kind of event, and ends when all tasks have. */
    private void everythingHappens(Events told, StorageListener listener) {
        LibsqlStorage<Work> storage = LibsqlStorage.create(
                database.factory(),
                new HostileCodec(),
                Config.builder(Load.QUEUE)
                        .keepAlive(Load.KEEP_ALIVE)
                        .reenqueueOrphanedAfter(Load.ORPHANED_AFTER)
                        .drainTime(Duration.ZERO)
                        .retryPolicy((attempt, error) -> {
                            throw new IllegalStateException("so that there is a fault");
                        })
                        .listener(listener)
                        .build());
        for (String producer :
                List.of(HEALTHY, "orphaned", "reads null", "fails", "is lost", "no result", "hangs once")) {
            storage.push(NewTask.of(new Work(producer, 0)).maxAttempts(producer.equals("fails") ? 1 : 2))
                    .block(PATIENCE);
        }
        database.sql("UPDATE Jobs SET status = 'Running', lock_by = 'dead', lock_at = 1 WHERE " + isOf("orphaned")
                + "; DELETE FROM Audit");
        Function<Task<Work>, Publisher<Object>> handler = task -> {
            int run = countRun(task);
            return switch (task.args().producer()) {
                case "fails" -> Mono.error(new IllegalStateException("on purpose"));
                case "is lost" -> storage.ackDone(task, "by itself").cast(Object.class);
                case "no result" -> Mono.just(new Written(HostileCodeContract::deeper));
                case "hangs once" -> run == 1 ? Mono.never() : Mono.just("ok");
                default -> Mono.just("ok");
            };
        };
        Supplier<Disposable> work = () -> {
            Disposable pipeline = storage.poll(Worker.named("worker"))
                    .transform(storage.lock())
                    .flatMap(storage.<Object>ack(handler))
                    .subscribe();
            running.add(pipeline);
            return pipeline;
        };
        Disposable first = work.get();
        becomes("status IN ('Done', 'Killed')", 6);
        told.await(StorageEvent.LeaseLost.class);
        first.dispose();
        told.await(StorageEvent.WorkerStopped.class);
        Disposable second = work.get();
        becomes("status IN ('Done', 'Killed')", 7);
        second.dispose();
        told.flux().ofType(StorageEvent.WorkerStopped.class).take(2).blockLast(PATIENCE);
        assertNoLeaseIsLeft();
        assertThat(database.sql("SELECT status, count(*) FROM Jobs GROUP BY 1 ORDER BY 1"))
                .containsExactly(List.of("Done", 5L), List.of("Killed", 2L));
    }

    @Test
    void aListenerMayCallItsStorage() throws Exception {
        int tasks = Scale.of(50, 2_000);
        List<LibsqlStorage<Work>> itself = new CopyOnWriteArrayList<>();
        AtomicInteger blocked = new AtomicInteger();
        StorageListener caller = event -> {
            if (event instanceof StorageEvent.Acknowledged done) {
                LibsqlStorage<Work> storage = itself.get(0);
                storage.fetchById(done.task())
                        .filter(task -> task.args().producer().equals("first"))
                        .flatMap(task ->
                                storage.push(new Work("second", task.args().number())))
                        .subscribe();
                storage.reenqueueOrphaned().subscribe();
            } else if (event instanceof StorageEvent.Locked) {
                try {
                    itself.get(0).setup().block(PATIENCE);
                } catch (IllegalStateException e) {
                    // Reactor refuses to block here.
                    blocked.incrementAndGet();
                    throw e;
                }
            }
        };
        try (Ledger ledger = Ledger.open(folder, "listener")) {
            Load load = load(ledger, config -> config.listener(caller.and(events)));
            itself.add(load.storage());
            push(load, "first", 0, tasks);
            Disposable work = work(load, task -> {
                countRun(task);
                return Mono.just("ok");
            });

            becomes("status = 'Done' AND attempts = 0", 2L * tasks);

            work.dispose();
            awaitAllStopped();
            assertNoLeaseIsLeft();
            assertThat(blocked.get()).isEqualTo(2 * tasks);
            Report.add("7 listeners that call their storage, " + target().name(), 2L * tasks, verdict());
        }
    }
}
