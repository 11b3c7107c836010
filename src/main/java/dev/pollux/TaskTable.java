package dev.pollux;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Statement;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One queue's part of the {@code Jobs} and {@code Workers} tables: each method is one step on the {@link WriteLane}.
 * All errors are {@link LibsqlException}s that name the step, the queue and the task.
 */
final class TaskTable {

    private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE);

    private final WriteLane lane;
    private final Config config;
    private final Reporter reporter;
    private final Map<Sql, BiConsumer<Throwable, Step.Retry>> onFault = new ConcurrentHashMap<>();

    TaskTable(WriteLane lane, Config config, Reporter reporter) {
        this.lane = lane;
        this.config = config;
        this.reporter = reporter;
    }

    /** Adds a task. A task that is there already with the same payload is fine: this push, or an earlier try, put it. */
    Mono<Void> push(TaskRow row) {
        Function<Step.Rowset<Rows.Item>, Boolean> settle = rows -> {
            // Also when it is there already: an earlier try, whose answer was lost, told nobody.
            ring();
            return rows.first() != null;
        };
        return lane.submit(
                        row.isPlain()
                                ? element(Sql.PUSH, shared(row), row.plain(), Rows::named, settle, config::keepAlive)
                                : element(
                                        Sql.PUSH_DETAILED,
                                        Map.of("queue", config.queue()),
                                        row.detailed(),
                                        Rows::named,
                                        settle,
                                        config::keepAlive),
                        this::ring)
                .onErrorMap(error -> Fault.describe(about("push", row.id()), error))
                .flatMap(added -> added ? told(1) : requireSame("push", row));
    }

    /**
     * Wakes the polls. Once when tasks are lined up, so that an idle poll's fetch goes out in their turn and finds them; and
     * once when they are there, for the turn may have been too full, or failed.
     */
    private void ring() {
        lane.doorbells().ring(config.queue());
    }

    private Map<String, Object> shared(TaskRow row) {
        return Map.of("queue", config.queue(), "max_attempts", row.maxAttempts());
    }

    private Mono<Void> told(int pushed) {
        return Mono.fromRunnable(() -> reporter.tell(new StorageEvent.Pushed(config.queue(), pushed)));
    }

    /** Adds the tasks of a batch, all or none. */
    Mono<Void> pushBatch(List<TaskRow> batch, String name) {
        return lane.submit(batchStep(batch), this::ring)
                .then(told(batch.size()))
                .onErrorResume(Fault::ofOneRow, error -> requireAllSame(name, batch, error))
                .onErrorMap(error -> Fault.describe(about(name), error));
    }

    private Step<String, Boolean> batchStep(List<TaskRow> batch) {
        TaskRow first = batch.get(0);
        boolean plain = batch.stream().allMatch(row -> row.isPlain() && row.maxAttempts() == first.maxAttempts());
        StringBuilder tasks =
                new StringBuilder(batch.stream().mapToInt(TaskRow::size).sum() * 5 / 4);
        for (TaskRow row : batch) {
            tasks.append(tasks.isEmpty() ? '{' : ',');
            (plain ? row.plain() : row.detailed()).appendTo(tasks);
        }
        Map<String, Object> arguments = new HashMap<>(plain ? shared(first) : Map.of("queue", config.queue()));
        arguments.put("tasks", tasks.append('}').toString());
        Sql sql = plain ? Sql.PUSH_BATCH : Sql.PUSH_BATCH_DETAILED;
        Function<Step.Rowset<String>, Boolean> settle = rows -> {
            ring();
            return true;
        };
        // Its caller goes on with the batch after the next one.
        return new Step<>(sql, arguments, null, Rows::none, settle, config::keepAlive, true, true, onFault(sql));
    }

    /** Adds a task on the caller's connection, as part of whatever transaction is open on it. */
    Mono<Void> pushOn(Connection connection, TaskRow row) {
        return Mono.defer(() -> {
                    Statement statement = connection.createStatement(Sql.PUSH_DETAILED.alone());
                    StringBuilder tasks = new StringBuilder("{");
                    row.detailed().appendTo(tasks);
                    statement.bind(Sql.PUSH_DETAILED.parameters().indexOf("queue"), config.queue());
                    statement.bind(
                            Sql.PUSH_DETAILED.parameters().indexOf("tasks"),
                            tasks.append('}').toString());
                    return Flux.from(statement.execute())
                            .concatMap(result -> result.map(Rows::named))
                            .count();
                })
                .onErrorMap(error -> Fault.describe(about("push", row.id()), error))
                .flatMap(added -> added == 1
                        ? Mono.<Void>empty()
                        : Mono.error(new DuplicateTaskException(about("push", row.id())
                                + ": a task with this id is there already; nothing was added")));
    }

    /** A batch is refused when one of its tasks is there; it is fine if all are, for then it came before. */
    private Mono<Void> requireAllSame(String name, List<TaskRow> batch, Throwable refusal) {
        Set<String> ids = batch.stream().map(row -> row.id().value()).collect(Collectors.toSet());
        return read(Sql.INSPECT, name, Map.of("ids", Json.array(ids.toArray())), Rows::inspected)
                .switchIfEmpty(Mono.error(refusal))
                .flatMap(there -> there.size() == ids.size()
                        ? Flux.fromIterable(batch)
                                .flatMap(row -> requireSame(name, row), 256)
                                .then()
                        : Mono.error(duplicate(name, new TaskId(there.get(0).id()))));
    }

    private Mono<Void> requireSame(String name, TaskRow row) {
        return read(Sql.FIND, name, Map.of("id", row.id().value(), "queue", config.queue()), Rows::found)
                .filter(there ->
                        row.payload().equals(ByteBuffer.wrap(there.get(0).args())))
                .switchIfEmpty(Mono.error(() -> duplicate(name, row.id())))
                .then();
    }

    private DuplicateTaskException duplicate(String name, TaskId id) {
        return new DuplicateTaskException(about(name, id)
                + ": another task has this id already, with another payload or in another queue; nothing was added."
                + " Use TaskId.next() for an id of its own");
    }

    /**
     * Leases due tasks to a worker.
     *
     * @param number which of the worker's fetches this is
     * @param status Queued, or Running: then they need not be locked
     * @param room how many at most; asked when the fetch goes out
     * @param settled told of the tasks before anything else runs on the lane, whoever still waits for them
     */
    Mono<List<Task<byte[]>>> fetch(
            String worker, long number, TaskStatus status, Supplier<Long> room, Consumer<List<Task<byte[]>>> settled) {
        Map<String, Object> arguments = Map.of(
                "queue",
                config.queue(),
                "worker",
                worker,
                "lease",
                number,
                "status",
                status.column(),
                "room",
                room,
                "orphaned_after",
                config.orphanedAfterSeconds());
        // The poll itself repeats its fetches: a lost answer must first be looked for among its leases.
        return lane.submit(new Step<>(
                Sql.FETCH,
                arguments,
                null,
                row -> Rows.fetched(row, config.queue(), status, worker, number),
                rows -> {
                    List<Task<byte[]>> tasks =
                            rows.rows().stream().sorted(Rows.BY_TURN).toList();
                    settled.accept(tasks);
                    return tasks;
                },
                () -> Duration.ZERO,
                false,
                true,
                (error, retry) -> {}));
    }

    /**
     * Takes a lease to Running.
     *
     * @param held run on the lane if it is still there
     * @return false if it is lost
     */
    Mono<Boolean> lock(Lease lease, Runnable held) {
        return lane.submit(lockStep(lease, held)).onErrorMap(error -> notLocked(lease, error));
    }

    /** The same for a caller who needs no publisher. */
    void lock(Lease lease, Runnable held, Caller<Boolean> caller) {
        lane.submit(
                lockStep(lease, held),
                (locked, error) -> caller.told(locked, error == null ? null : notLocked(lease, error)));
    }

    private Step<Rows.Item, Boolean> lockStep(Lease lease, Runnable held) {
        return element(Sql.LOCK, lease, rows -> {
            boolean there = rows.first() != null;
            if (there) {
                held.run();
            }
            return there;
        });
    }

    private Throwable notLocked(Lease lease, Throwable error) {
        return Fault.describe(about("lock", lease.task()), error);
    }

    /**
     * Stores an outcome. As long as its worker holds the lease, passing faults are retried: without its outcome, the task
     * would run again.
     *
     * @param status Done, Failed or Killed
     * @param result the outcome as serde's JSON
     * @param wait how long before the next run, if Failed
     * @param workers forget the lease, on the lane, once it is over, stored or lost
     * @return the task as it is then; {@link LeaseLostException} if the lease was lost before
     */
    Mono<Rows.Item> ack(Lease lease, TaskStatus status, String result, Duration wait, Incarnations workers) {
        Supplier<Duration> patience = () -> workers.hold(lease) ? FOR_EVER : config.keepAlive();
        Function<Step.Rowset<Rows.Item>, Acknowledgement> settle = rows -> {
            workers.forget(lease);
            return new Acknowledgement(rows.first(), rows.repeated());
        };
        if (status == TaskStatus.DONE) {
            Step.Element element = told(lease, changed(lease), result);
            return stored(lease, element(Sql.ACK, Map.of(), element, Rows::named, settle, patience));
        }
        // Whether a try is left, the row tells.
        Step.Element element = told(lease, null, status.column(), result, wait.toMillis());
        return stored(lease, element(Sql.ACK_FAILED, Map.of(), element, Rows::moved, settle, patience))
                .doOnNext(row -> {
                    if (row.status() == TaskStatus.FAILED) {
                        lane.doorbells().dueTimeMayHaveChanged(config.queue());
                    }
                });
    }

    private Mono<Rows.Item> stored(Lease lease, Step<Rows.Item, Acknowledgement> step) {
        return lane.submit(step)
                .onErrorMap(error -> Fault.describe(about("ack", lease.task()), error))
                .flatMap(ack -> ack.row() == null ? explain("ack", lease, ack.repeated()) : Mono.just(ack.row()));
    }

    private record Acknowledgement(Rows.@Nullable Item row, boolean repeated) {}

    /**
     * Gives a lease back without counting a try; false if it is lost.
     *
     * @param reason what the listener is told
     * @param settled runs on the lane once the lease is over, given back or lost
     */
    Mono<Boolean> release(Lease lease, String reason, Runnable settled) {
        return lane.submit(element(Sql.RELEASE, lease, rows -> {
                    settled.run();
                    return rows.first() != null;
                }))
                .onErrorMap(error -> Fault.describe(about("release", lease.task()), error))
                .doOnNext(released -> {
                    if (released) {
                        reporter.tell(new StorageEvent.Released(config.queue(), lease.task(), reason));
                    }
                });
    }

    /**
     * Says why a lease is lost, with a {@link LeaseLostException}.
     *
     * @param repeated whether an earlier try may have stored the outcome: then it counts if the row looks so
     */
    Mono<Rows.Item> explain(String name, Lease lease, boolean repeated) {
        return read(Sql.INSPECT, name, Map.of("ids", Json.array(lease.task().value())), Rows::inspected)
                .map(rows -> rows.get(0))
                .flatMap(there -> {
                    if (repeated && isOutcomeOf(lease, there)) {
                        return Mono.just(there);
                    }
                    return Mono.<Rows.Item>error(lost(name, lease, reason(lease, there)));
                })
                .switchIfEmpty(Mono.error(() -> lost(name, lease, "the task is not in the database any more")));
    }

    private static boolean isOutcomeOf(Lease lease, Rows.Item there) {
        boolean mine = lease.worker().equals(there.lockBy()) && lease.fetch() == there.lease();
        TaskStatus status = Objects.requireNonNull(there.status());
        int counted = status == TaskStatus.DONE ? 0 : 1;
        boolean ended = status == TaskStatus.DONE || status == TaskStatus.FAILED || status == TaskStatus.KILLED;
        return mine && ended && there.attempts() == lease.attempts() + counted;
    }

    private static String reason(Lease lease, Rows.Item there) {
        TaskStatus status = Objects.requireNonNull(there.status());
        String lockBy = there.lockBy();
        if (lockBy != null && !lockBy.equals(lease.worker())) {
            return "worker " + shown(lockBy) + " has it (" + status.column() + ")";
        }
        if (isOutcomeOf(lease, there)) {
            return "it is acknowledged already (" + status.column() + ")";
        }
        if (lockBy != null && (status == TaskStatus.QUEUED || status == TaskStatus.RUNNING)) {
            return "it was given back, and this worker has fetched the task anew (" + status.column() + ")";
        }
        return "the lease was taken back, by the orphan sweep or a release (" + status.column() + ", "
                + there.attempts() + " attempts)";
    }

    private LeaseLostException lost(String name, Lease lease, String reason) {
        return new LeaseLostException(about(name, lease.task()) + ": worker " + shown(lease.worker())
                + " does not hold this lease (any more): " + reason + "; nothing was changed");
    }

    /**
     * Says that a worker is alive, registering it if need be, and sweeps the queue's orphans.
     *
     * @param settled told, on the lane, of the leases the database gives to this worker
     */
    Mono<Void> beat(String worker, Consumer<List<Rows.Item>> settled) {
        Mono<Integer> beat =
                lane.submit(step(Sql.BEAT, Map.of("worker", worker, "queue", config.queue()), Rows::none, rows -> 1));
        Mono<Integer> leases = lane.submit(step(Sql.LEASES_OF, Map.of("worker", worker), Rows::leased, rows -> {
            settled.accept(rows.rows());
            return 1;
        }));
        return Mono.zip(beat, sweep(), leases)
                .onErrorMap(error -> Fault.describe(about("beat of worker " + shown(worker)), error))
                .then();
    }

    /** Takes the leases of silent workers back; emits how many. */
    Mono<Long> sweep() {
        Map<String, Object> arguments =
                Map.of("queue", config.queue(), "orphaned_after", config.orphanedAfterSeconds());
        return lane.submit(step(Sql.SWEEP, arguments, Rows::moved, Step.Rowset::rows))
                .onErrorMap(error -> Fault.describe(about("sweep"), error))
                .doOnNext(rows -> {
                    for (Rows.Item row : rows) {
                        reporter.tell(new StorageEvent.Orphaned(
                                config.queue(),
                                new TaskId(row.id()),
                                Objects.requireNonNull(row.status()),
                                row.attempts()));
                    }
                    if (!rows.isEmpty()) {
                        ring();
                    }
                })
                .map(rows -> (long) rows.size());
    }

    /** How often the connection has broken so far. */
    int breaks() {
        return lane.breaks();
    }

    /** Forgets a worker. */
    Mono<Void> deregister(String worker) {
        return lane.submit(step(Sql.DEREGISTER, Map.of("worker", worker), Rows::none, rows -> 1))
                .onErrorMap(error -> Fault.describe(about("deregister worker " + shown(worker)), error))
                .then();
    }

    /** Forgets workers that died long ago. */
    Mono<Void> purgeWorkers() {
        Map<String, Object> arguments =
                Map.of("queue", config.queue(), "orphaned_after", config.orphanedAfterSeconds());
        return lane.submit(step(Sql.PURGE_WORKERS, arguments, Rows::none, rows -> 1))
                .onErrorMap(error -> Fault.describe(about("purge of dead workers"), error))
                .then();
    }

    /** In how long the queue's next task is due, not positive if one is due now; empty if none waits. */
    Mono<Duration> nextDue() {
        return read(
                        Sql.NEXT_DUE,
                        "look for due tasks",
                        Map.of("queues", Json.array(config.queue())),
                        row -> Objects.requireNonNull(row.get("wait", Long.class)))
                .map(rows -> Duration.ofMillis(rows.get(0)));
    }

    /** The path of the database's file, as the process that opened it sees it; empty for a memory database. */
    Mono<String> databaseFile() {
        return read(Sql.DATABASE_FILE, "look for the database's file", Map.of(), row -> {
                    String path = row.get(0, String.class);
                    return path == null ? "" : path;
                })
                .map(rows -> rows.get(0));
    }

    /** One task of the queue. */
    Mono<Task<byte[]>> find(TaskId id) {
        return read(Sql.FIND, "find task " + id.shown(), Map.of("id", id.value(), "queue", config.queue()), Rows::found)
                .map(rows -> rows.get(0));
    }

    /** The rows of a reading step; empty if there are none. */
    private <V> Mono<List<V>> read(Sql sql, String name, Map<String, Object> arguments, Function<Readable, V> row) {
        return lane.submit(step(sql, arguments, row, Step.Rowset::rows))
                .onErrorMap(error -> Fault.describe(about(name), error))
                .filter(rows -> !rows.isEmpty());
    }

    private <V, R> Step<V, R> step(
            Sql sql, Map<String, Object> arguments, Function<Readable, V> row, Function<Step.Rowset<V>, R> settle) {
        return new Step<>(sql, arguments, null, row, settle, config::keepAlive, true, false, onFault(sql));
    }

    /** A step about one lease, of which the statement is told only its fence. */
    private <R> Step<Rows.Item, R> element(Sql sql, Lease lease, Function<Step.Rowset<Rows.Item>, R> settle) {
        return element(sql, Map.of(), told(lease, changed(lease)), Rows::named, settle, config::keepAlive);
    }

    /** The row of a statement that leaves the attempts as they are, if it changes this lease's task. */
    private static Rows.Item changed(Lease lease) {
        return new Rows.Item(lease.task().value(), null, lease.attempts(), null, lease.fetch());
    }

    /** A lease, and what a statement is told of it after its fence: texts and numbers. */
    private static Step.Element told(Lease lease, Rows.@Nullable Item known, Object... values) {
        StringBuilder json = new StringBuilder();
        for (Object value : values) {
            if (!json.isEmpty()) {
                json.append(',');
            }
            if (value instanceof String text) {
                Json.appendQuoted(json, text);
            } else {
                json.append(value);
            }
        }
        return new Step.Element(lease.task().value(), lease, json.toString(), known);
    }

    private <R> Step<Rows.Item, R> element(
            Sql sql,
            Map<String, Object> arguments,
            Step.Element element,
            Function<Readable, Rows.Item> row,
            Function<Step.Rowset<Rows.Item>, R> settle,
            Supplier<Duration> patience) {
        return new Step<>(sql, arguments, element, row, settle, patience, true, false, onFault(sql));
    }

    private BiConsumer<Throwable, Step.Retry> onFault(Sql sql) {
        return onFault.computeIfAbsent(sql, known -> {
            String step = known.name().toLowerCase(Locale.ROOT).replace('_', ' ');
            boolean batch = sql == Sql.PUSH_BATCH || sql == Sql.PUSH_BATCH_DETAILED;
            return (error, retry) -> {
                // A batch that is refused may have come before; whoever pushes it looks, and tells its caller.
                if (!batch || !Fault.ofOneRow(error)) {
                    reporter.tell(new StorageEvent.Fault(config.queue(), step, error, retry.tries(), retry.in()));
                }
            };
        });
    }

    String about(String name) {
        return name + " (queue " + Texts.shown(config.queue()) + ")";
    }

    String about(String name, TaskId task) {
        return name + " (queue " + Texts.shown(config.queue()) + ", task " + task.shown() + ")";
    }

    /** A worker's id: its name, of at most 200 characters, and a ULID. */
    private static String shown(String worker) {
        return Texts.line(worker, 240);
    }
}
