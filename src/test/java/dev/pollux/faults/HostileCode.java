package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.NewTask;
import dev.pollux.StorageEvent;
import dev.pollux.Task;
import dev.pollux.TaskId;
import dev.pollux.Worker;
import dev.pollux.testing.CapturedLog;
import dev.pollux.testing.Events;
import dev.pollux.testing.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * What the tests of handlers, codecs, retry policies and listeners that do what they should not have in common. Their
 * task ends as promised, or its lease does; all others go on, and what went wrong is told.
 */
abstract class HostileCode {

    static final Duration PATIENCE = Duration.ofSeconds(30);
    static final Duration BETWEEN_LOOKS = Duration.ofMillis(50);
    static final int AT_ONCE = 64;
    static final String HEALTHY = "healthy";

    final Events events = new Events();
    final List<Disposable> running = new ArrayList<>();
    private boolean locksInTheFetch;
    final Map<String, Integer> runs = new ConcurrentHashMap<>();

    @TempDir
    Path folder;

    TestDatabase database = TestDatabase.at("r2dbc:libsql:mem:///unused");
    CapturedLog reactorLog = CapturedLog.of("reactor");
    CapturedLog log = CapturedLog.of("dev.pollux");

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
    int countRun(Task<?> task) {
        return runs.merge(task.id().value(), 1, Integer::sum);
    }

    int tasks() {
        return (int) database.number("SELECT count(*) FROM Jobs");
    }

    /** How many tasks have not ended. */
    int lost() {
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
    Verdict verdict() {
        return new Verdict(tasks(), lost(), duplicated(), List.copyOf(Audit.illegalSteps(database)));
    }

    Load load(Ledger ledger, UnaryOperator<Config.Builder> settings) {
        return Load.on(
                database.factory(),
                ledger,
                config -> settings.apply(config.bufferSize(AT_ONCE)
                        .drainTime(Duration.ofMillis(500))
                        .listener(events)));
    }

    void awaitAllStopped() {
        for (StorageEvent.WorkerStarted started : events.of(StorageEvent.WorkerStarted.class)) {
            events.await(
                    StorageEvent.WorkerStopped.class,
                    stopped -> stopped.worker().equals(started.worker()));
        }
    }

    void assertNoLeaseIsLeft() {
        assertThat(database.sql("SELECT id, status, lock_by FROM Jobs WHERE status IN ('Queued', 'Running')"))
                .isEmpty();
        assertThat(database.sql("SELECT id FROM Workers")).isEmpty();
    }

    /** Not on a parallel thread, which a hostile handler may keep. */
    static Flux<Long> looks() {
        return Flux.interval(BETWEEN_LOOKS, Schedulers.boundedElastic());
    }

    void becomes(String where, long count) {
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

    static String isOf(String producer) {
        return "job ->> 'producer' = '" + producer.replace("'", "''") + "'";
    }

    /** The locks of the first worker of a test, the third and so on are part of their fetches. */
    Disposable work(
            Load load, Function<Task<Work>, ? extends Publisher<String>> handler, int concurrency, Publisher<?> until) {
        Flux<Task<Work>> poll = load.storage().poll(Worker.named("worker"));
        locksInTheFetch = !locksInTheFetch;
        Flux<Task<Work>> locked = locksInTheFetch
                ? poll.transform(load.storage().lock()).takeUntilOther(until)
                : poll.takeUntilOther(until).transform(load.storage().lock());
        Disposable work =
                locked.flatMap(load.storage().<String>ack(handler), concurrency).subscribe();
        running.add(work);
        return work;
    }

    Disposable work(Load load, Function<Task<Work>, ? extends Publisher<String>> handler) {
        return work(load, handler, AT_ONCE, Mono.never());
    }

    static void push(Load load, String producer, int from, int many) {
        List<NewTask<Work>> tasks = IntStream.range(from, from + many)
                .mapToObj(i -> NewTask.of(new Work(producer, i)).id(TaskId.next()))
                .toList();
        push(load, tasks);
    }

    static void push(Load load, List<NewTask<Work>> tasks) {
        List<TaskId> ids = tasks.stream().map(NewTask::id).toList();
        load.ledger().pushing(ids);
        load.storage().pushAllTasks(Flux.fromIterable(tasks)).block(PATIENCE);
        load.ledger().pushed(ids);
    }

    static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    void runHealthily(Load load) {
        Disposable healthy = work(load, load::run);
        becomes("status = 'Done'", database.number("SELECT count(*) FROM Jobs"));
        healthy.dispose();
        awaitAllStopped();
        assertNoLeaseIsLeft();
    }
}
