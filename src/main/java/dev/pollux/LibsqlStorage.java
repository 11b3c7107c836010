package dev.pollux;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import java.nio.ByteBuffer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.core.type.TypeReference;

/**
 * A durable queue of tasks in a libSQL or SQLite database.
 *
 * <pre>{@code
 * LibsqlStorage<Email> storage = LibsqlStorage.create(connectionFactory, Email.class, Config.of("email"));
 * storage.setup().then(storage.push(new Email("user@example.com", "Hello!"))).subscribe();
 *
 * storage.poll(Worker.named("email-worker"))
 *     .transform(storage.lock())
 *     .flatMap(storage.ack(this::send), 64)
 *     .subscribe();
 * }</pre>
 *
 * <p>All publishers are cold: nothing happens before they are subscribed, and each subscription does it anew. They emit
 * on threads that must not block; one that is blocked all the same keeps nobody else waiting. Errors are {@link
 * LibsqlException}s. Faults that pass (a busy database, the network) are retried for {@link Config#keepAlive()}, where
 * an outcome is to be stored as long as its worker holds the lease, before a publisher fails with them; every statement
 * is fenced or idempotent, so a retry never does a thing twice.
 *
 * <p>All storages on one {@link ConnectionFactory} share one connection of it, which is given back after ten idle
 * seconds. A pool must therefore have room for two or more if the application uses it too.
 *
 * @param <T> the type of the payload
 */
public final class LibsqlStorage<T> {

    private static final int MAX_BATCH = 1_000;
    private static final int MAX_BATCH_CHARS = 1 << 20;

    private final ConnectionFactory factory;
    private final TaskCodec<T> codec;
    private final Config config;
    private final Reporter reporter;
    private final TaskTable table;
    private final Schema schema;
    private final Doorbell doorbell;
    private final ChangeWatch changes;
    private final Incarnations incarnations = new Incarnations();
    private final Locker locker;
    private final Acknowledger acknowledger;

    private LibsqlStorage(ConnectionFactory factory, TaskCodec<T> codec, Config config) {
        WriteLane lane = WriteLane.of(factory);
        this.factory = factory;
        this.codec = codec;
        this.config = config;
        this.reporter = new Reporter(config.listener());
        this.table = new TaskTable(lane, config, reporter);
        this.schema = new Schema(factory, lane, config, reporter);
        this.doorbell = new Doorbell(config.pollInterval(), table::nextDue);
        this.changes = new ChangeWatch(table.databaseFile(), doorbell::changed);
        this.locker = new Locker(table, config, reporter, incarnations);
        this.acknowledger = new Acknowledger(table, config, reporter, incarnations, locker);
        lane.doorbells().add(config.queue(), doorbell);
    }

    /** A queue of JSON payloads of that class. */
    public static <T> LibsqlStorage<T> create(ConnectionFactory factory, Class<T> type, Config config) {
        return new LibsqlStorage<>(factory, TaskCodec.json(type), config);
    }

    /** A queue of JSON payloads of that generic type. */
    public static <T> LibsqlStorage<T> create(ConnectionFactory factory, TypeReference<T> type, Config config) {
        return new LibsqlStorage<>(factory, TaskCodec.json(type), config);
    }

    /** A queue of payloads in a format of your own. */
    public static <T> LibsqlStorage<T> create(ConnectionFactory factory, TaskCodec<T> codec, Config config) {
        return new LibsqlStorage<>(factory, codec, config);
    }

    /** The same queue with its payloads as they are stored: the Rust crate's compact type. */
    public LibsqlStorage<byte[]> compact() {
        return new LibsqlStorage<>(factory, TaskCodec.bytes(), config);
    }

    /** The queue's settings. */
    public Config config() {
        return config;
    }

    /**
     * Makes the tables and indexes, or upgrades those of an older Pollux or of the Rust crate in place. Idempotent, and
     * safe when several processes do it at once.
     *
     * @return completes when all is there; fails with {@link SchemaException} if the database was set up by a newer
     *     Pollux, or has another program's {@code Jobs} table
     */
    public Mono<Void> setup() {
        return schema.setup();
    }

    /**
     * Switches a local file to write-ahead logging, which it then keeps. The {@code r2dbc:libsql} driver opens files so
     * by default; a server always works so, and a memory database cannot: there it completes and changes nothing.
     */
    public Mono<Void> enableWalMode() {
        return schema.enableWalMode();
    }

    /**
     * Adds a task with the queue's defaults.
     *
     * @return completes when the task is committed; with {@code synchronous=FULL}, the driver's default, it is on disk
     *     then. Each subscription adds a task of its own. Cancelling may be too late.
     */
    public Mono<Void> push(T args) {
        return push(NewTask.of(args));
    }

    /**
     * Adds a task.
     *
     * @return completes when the task is committed. If its id is there already with the same payload, it completes too
     *     and adds nothing, so that a push may be repeated; with another payload it fails with
     *     {@link DuplicateTaskException}. Cancelling may be too late.
     */
    public Mono<Void> push(NewTask<T> task) {
        return Mono.defer(() -> table.push(row(task)));
    }

    /**
     * Adds a task on a connection of the caller's, as part of the transaction that is open on it: it is there when that
     * commits, and never was when that rolls back.
     *
     * @return completes when the statement has run; fails with {@link DuplicateTaskException} if the task's id is there
     *     already. It is not repeated on a fault, and wakes no poll: one finds the task at its next look.
     */
    public Mono<Void> push(Connection connection, NewTask<T> task) {
        return Mono.defer(() -> table.pushOn(connection, row(task)));
    }

    /**
     * Adds tasks in batches, of up to 1,000 tasks or 1 Mi characters of JSON, one statement each, asking for more as
     * they are committed.
     *
     * @return completes when all are committed. Each batch is added as a whole or not at all; the error of one that
     *     failed names its number and the numbers of its tasks, and no later batch is added. If {@code tasks} fails,
     *     so does this, after the batches that were complete.
     */
    public Mono<Void> pushAll(Publisher<? extends T> tasks) {
        return pushAllTasks(Flux.from(tasks).map(NewTask::of));
    }

    /** Adds tasks in batches, as {@link #pushAll} does. */
    public Mono<Void> pushAllTasks(Publisher<? extends NewTask<? extends T>> tasks) {
        return Flux.from(tasks)
                .map(this::row)
                .transformDeferred(rows -> rows.bufferUntil(new BatchLimit(MAX_BATCH, MAX_BATCH_CHARS)))
                .scan(Batch.NONE, Batch::followedBy)
                .skip(1)
                .map(batch -> table.pushBatch(batch.rows(), batch.name()))
                // An error takes its turn behind the batches before it.
                .onErrorResume(error -> Mono.just(Mono.error(error)))
                // Begun here, for concatMap asks for the next batch, which is made meanwhile, before it subscribes to
                // this one.
                .concatMap(push -> Mono.fromFuture(push.toFuture()), 1)
                .then();
    }

    /**
     * Leases due tasks, by priority DESC, run_at, id, for ever.
     *
     * @return on subscription, a new worker is registered and the queue's orphans are swept. Then it emits leased
     *     tasks, fetching {@link Config#bufferSize()} of them, or with {@link #lock()} right behind it as many as are asked
     *     for, whenever there is demand and none is left. When there is nothing due it waits for a push in this JVM, for
     *     the next due time, or for {@link Config#pollInterval()}. Passing faults are reported to the listener and retried
     *     for ever; one that cannot pass ends it. Cancelling stops fetching and gives back what was not emitted; tasks that
     *     were emitted stay leased until they are acknowledged or {@link Config#drainTime()} is over.
     */
    public Flux<Task<T>> poll(Worker worker) {
        return new PollFlux<>(this, worker);
    }

    /**
     * An operator for {@code transform}: takes each task to Running before it is passed on, in order. A task that is
     * not ours any more is dropped and reported. It works ahead: besides what is asked of it, it asks for and locks three
     * times as many tasks as its subscriber asked for at once, but no more than three times {@link Config#bufferSize()}.
     * Cancelling gives back what was locked and not passed on.
     *
     * <p>Right behind a poll it costs nothing: the poll fetches as many tasks as are asked for, at most
     * {@link Config#bufferSize()} at a time, and the statement that leases them takes them to Running. Behind any other
     * operator it locks what that passes on, by a statement of its own.
     */
    public Function<Flux<Task<T>>, Flux<Task<T>>> lock() {
        return tasks -> LockFlux.over(tasks, locker, config.bufferSize());
    }

    /** Takes one task to Running; fails with {@link LeaseLostException} if it is not ours any more. */
    public Mono<Task<T>> lock(Task<T> task) {
        return locker.lock(task);
    }

    /**
     * An operator for {@code flatMap}: runs the handler and stores its outcome. The last value it emits is the result;
     * none is a null result. An error, also one that it throws, makes the task Failed, to run again when the
     * {@link RetryPolicy} says, or Killed if it has no tries left, the policy says so or it is an {@link AbortError}.
     *
     * <p>A task whose lease was lost while it waited for its handler, behind others, is not handled: of one that was locked more
     * than a second ago the database is asked again.
     *
     * <p>A handler that never ends keeps its task until it or its poll is cancelled: give it a timeout. One whose
     * operators meet an Error of the JVM on another thread never ends either, for Reactor throws it on there, past the
     * pipeline.
     *
     * @return emits the outcome once it is stored; empty if it could not be, because the lease was lost or the database
     *     cannot be reached, which is reported to the listener. It fails only for a task that is not leased. Cancelling
     *     cancels the handler and gives the task back.
     */
    public <R> Function<Task<T>, Mono<Outcome<R>>> ack(
            Function<? super Task<T>, ? extends Publisher<? extends R>> handler) {
        return task -> acknowledger.run(task, handler);
    }

    /** Stores that a task's run succeeded; fails with {@link LeaseLostException} if the task is not ours any more. */
    public <R> Mono<Outcome<R>> ackDone(Task<T> task, @Nullable R value) {
        return acknowledger.done(task, value);
    }

    /**
     * Stores that a task's run failed, so that it runs again or is killed, as {@link #ack} would; fails with
     * {@link LeaseLostException} if the task is not ours any more.
     */
    public Mono<Outcome<T>> ackFailed(Task<T> task, Throwable error) {
        return acknowledger.failed(task, error);
    }

    /**
     * Gives a task back without counting a try; fails with {@link LeaseLostException} if it is not ours any more. An
     * acknowledgement of it afterwards fails so, too, also if the same poll has it again by then.
     */
    public Mono<Void> release(Task<T> task) {
        return Mono.defer(() -> locker.release(Lease.of(task), "the application gave it back"));
    }

    /**
     * Takes the leases back of workers that have been silent for {@link Config#reenqueueOrphanedAfter()}, counting a
     * try for each task. Polls do so by themselves at every beat.
     *
     * @return how many leases
     */
    public Mono<Long> reenqueueOrphaned() {
        return table.sweep();
    }

    /** The queue's task with that id; empty if there is none. A payload that cannot be read is an error. */
    public Mono<Task<T>> fetchById(TaskId id) {
        return table.find(id)
                .map(raw -> raw.map(bytes -> given(
                        () -> codec.decode(bytes),
                        () -> table.about("fetch by id", id) + ": cannot read its payload",
                        "; compact() reads the bytes as they are")));
    }

    private TaskRow row(NewTask<? extends T> task) {
        TaskId id = task.id() == null ? TaskId.next() : task.id();
        byte[] payload = written("payload", id, () -> codec.encode(task.args()));
        String metadata = written("metadata", id, () -> Json.object(task.metadata()));
        if (Texts.hasHalfPair(metadata)) {
            throw new LibsqlException(
                    table.about("push", id)
                            + ": the task's metadata holds half of a surrogate pair, which is no text in UTF-8",
                    null);
        }
        return new TaskRow(
                id,
                ByteBuffer.wrap(payload),
                Json.text(payload),
                task.maxAttempts() == null ? config.maxAttempts() : task.maxAttempts(),
                task.runAt() == null ? null : task.runAt().getEpochSecond(),
                task.delay().toMillis(),
                task.priority(),
                metadata);
    }

    /** What writing a part of a task gives. */
    private <V> V written(String what, TaskId id, Supplier<V> writing) {
        return given(writing, () -> table.about("push", id) + ": cannot write the task's " + what, "");
    }

    /**
     * What a codec gives. Its own message may quote a payload, and is kept from the error; an Error of it would pass by
     * whoever waits.
     */
    private static <V> V given(Supplier<@Nullable V> codec, Supplier<String> failed, String remedy) {
        V value;
        try {
            value = codec.get();
        } catch (Throwable e) {
            throw new LibsqlException(failed.get() + ": " + e.getClass().getName() + remedy, null);
        }
        if (value == null) {
            throw new LibsqlException(failed.get() + ": the codec gave null" + remedy, null);
        }
        return value;
    }

    TaskTable table() {
        return table;
    }

    TaskCodec<T> codec() {
        return codec;
    }

    Reporter reporter() {
        return reporter;
    }

    Schema schema() {
        return schema;
    }

    Doorbell doorbell() {
        return doorbell;
    }

    ChangeWatch changes() {
        return changes;
    }

    Incarnations incarnations() {
        return incarnations;
    }

    /** The queue and the payload's format. */
    @Override
    public String toString() {
        return "LibsqlStorage[queue=" + config.queue() + "]";
    }
}
