package dev.pollux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.testing.BlockingCalls;
import dev.pollux.testing.Events;
import dev.pollux.testing.TestDatabase;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import tools.jackson.core.type.TypeReference;

/**
 * What the queue promises, on any transport, with BlockHound watching: nothing in it may block a Reactor thread.
 *
 * <p>Nothing here waits for time to pass but for what a test is about: where a poll is to be woken by something, its
 * interval is an hour.
 */
abstract class StorageContract {

    static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Worker WORKER = Worker.named("email-worker");

    static {
        BlockingCalls.forbid();
    }

    final Events events = new Events();
    private final List<Disposable> running = new ArrayList<>();

    private TestDatabase database;
    private LibsqlStorage<Email> storage;

    /** An empty database of the transport under test. */
    abstract TestDatabase emptyDatabase();

    @BeforeEach
    void setUp() {
        database = emptyDatabase();
        storage = storage(config());
        storage.setup().block(PATIENCE);
    }

    @AfterEach
    void stopPolls() {
        running.forEach(Disposable::dispose);
        for (StorageEvent.WorkerStarted started : events.of(StorageEvent.WorkerStarted.class)) {
            events.await(
                    StorageEvent.WorkerStopped.class,
                    stopped -> stopped.worker().equals(started.worker()));
        }
    }

    private Config.Builder config() {
        return Config.builder("email")
                .listener(events)
                .retryPolicy(RetryPolicy.fixed(Duration.ZERO))
                .drainTime(Duration.ofMillis(1))
                .pollInterval(Duration.ofMillis(20));
    }

    private LibsqlStorage<Email> storage(Config.Builder config) {
        return LibsqlStorage.create(database.factory(), Email.class, config.build());
    }

    private LibsqlStorage<Email> storageWith(TestDatabase other, Config.Builder config) {
        return LibsqlStorage.create(other.anotherFactory(), Email.class, config.build());
    }

    private Flux<Outcome<String>> work(LibsqlStorage<Email> on, Handler handler) {
        return on.poll(WORKER).transform(on.lock()).flatMap(on.<String>ack(handler::apply), 64);
    }

    /** A handler. */
    private interface Handler {
        Publisher<String> apply(Task<Email> task);
    }

    private static <V> V first(Flux<V> flux) {
        return flux.next().blockOptional(PATIENCE).orElseThrow();
    }

    private void push(int count) {
        storage.pushAll(Flux.range(0, count).map(Email::number)).block(PATIENCE);
    }

    /** A poll that goes on beating while the test looks at what it emitted. */
    private Leased lease(LibsqlStorage<Email> on, long demand) {
        Leased leased = new Leased(demand);
        on.poll(WORKER).subscribe(leased);
        running.add(leased);
        return leased;
    }

    private static final class Leased extends BaseSubscriber<Task<Email>> {
        private final long demand;
        private final Sinks.Many<Task<Email>> tasks = Sinks.many().replay().all();

        Leased(long demand) {
            this.demand = demand;
        }

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            subscription.request(demand);
        }

        @Override
        protected void hookOnNext(Task<Email> task) {
            tasks.tryEmitNext(task).orThrow();
        }

        List<Task<Email>> take(int count) {
            return tasks.asFlux()
                    .take(count)
                    .collectList()
                    .blockOptional(PATIENCE)
                    .orElseThrow();
        }

        Task<Email> first() {
            return take(1).get(0);
        }
    }

    private long count(String where) {
        return database.number("SELECT count(*) FROM Jobs WHERE " + where);
    }

    // ---- from push to Done

    @Test
    void aPushedTaskIsLeasedLockedHandledAndDone() {
        storage.push(new Email("user@example.com", "Hello!")).block(PATIENCE);

        StepVerifier.create(
                        work(storage, task -> Mono.just("sent to " + task.args().to())))
                .assertNext(outcome -> {
                    assertThat(outcome.status()).isEqualTo(TaskStatus.DONE);
                    assertThat(outcome.value()).isEqualTo("sent to user@example.com");
                    assertThat(outcome.attempts()).isZero();
                })
                .thenCancel()
                .verify(PATIENCE);

        assertThat(database.sql("SELECT status, attempts, last_error, done_at IS NOT NULL, lock_by LIKE"
                        + " 'email-worker-%' FROM Jobs"))
                .containsExactly(List.of("Done", 0L, "{\"Ok\":\"sent to user@example.com\"}", 1L, 1L));
        assertThat(events.of(StorageEvent.Locked.class)).hasSize(1);
        assertThat(events.of(StorageEvent.Acknowledged.class)).hasSize(1);
    }

    @Test
    void aTaskIsQueuedWhenLeasedAndRunningWhenLocked() {
        push(1);
        Task<Email> leased = lease(storage, 1).first();
        assertThat(leased.status()).isEqualTo(TaskStatus.QUEUED);
        assertThat(leased.attempt()).isEqualTo(1);
        assertThat(database.value("SELECT status FROM Jobs")).isEqualTo("Queued");

        Task<Email> locked = storage.lock(leased).blockOptional(PATIENCE).orElseThrow();
        assertThat(locked.status()).isEqualTo(TaskStatus.RUNNING);
        assertThat(database.value("SELECT status FROM Jobs")).isEqualTo("Running");

        storage.ackDone(locked, null).block(PATIENCE);
        assertThat(database.sql("SELECT status, last_error FROM Jobs"))
                .containsExactly(List.of("Done", "{\"Ok\":null}"));
    }

    @Test
    void manyTasksRunConcurrentlyEachOnce() {
        push(500);
        Set<String> seen = new HashSet<>();

        List<Outcome<String>> outcomes = work(
                        storage, task -> Mono.just(task.args().to()))
                .take(500)
                .collectList()
                .blockOptional(PATIENCE)
                .orElseThrow();

        outcomes.forEach(outcome -> assertThat(seen.add(outcome.value())).isTrue());
        assertThat(count("status = 'Done'")).isEqualTo(500);
    }

    @Test
    void severalWorkersShareAQueueAndRunEachTaskOnce() {
        ConcurrentLinkedQueue<String> runs = new ConcurrentLinkedQueue<>();
        LibsqlStorage<Email> other = storageWith(database, config());
        push(300);

        Flux.merge(
                        work(storage, task -> Mono.fromCallable(() -> note(runs, task))),
                        work(storage, task -> Mono.fromCallable(() -> note(runs, task))),
                        work(other, task -> Mono.fromCallable(() -> note(runs, task))))
                .take(300)
                .blockLast(PATIENCE);

        assertThat(runs).hasSize(300).doesNotHaveDuplicates();
        assertThat(count("status = 'Done'")).isEqualTo(300);
    }

    private static String note(ConcurrentLinkedQueue<String> runs, Task<Email> task) {
        runs.add(task.id().value());
        return "done";
    }

    @Test
    void tasksComeByPriorityThenRunAtThenId() {
        Instant past = Instant.now().minusSeconds(1000);
        TaskId first = TaskId.next();
        TaskId second = TaskId.next();
        storage.pushAllTasks(Flux.just(
                        NewTask.of(new Email("late", "")).runAt(past.plusSeconds(10)),
                        NewTask.of(new Email("second", "")).id(second).runAt(past),
                        NewTask.of(new Email("first", "")).id(first).runAt(past),
                        NewTask.of(new Email("low", "")).runAt(past).priority(-5),
                        NewTask.of(new Email("high", ""))
                                .runAt(past.plusSeconds(20))
                                .priority(5)))
                .block(PATIENCE);

        List<Task<Email>> tasks = lease(storage, 5).take(5);

        assertThat(tasks)
                .extracting(task -> task.args().to())
                .containsExactly("high", "first", "second", "late", "low");
    }

    @Test
    void aTaskKeepsItsIdPriorityTriesAndMetadata() {
        TaskId id = TaskId.next();
        Instant runAt = Instant.ofEpochSecond(1_700_000_000);
        storage.push(NewTask.of(Email.number(1))
                        .id(id)
                        .runAt(runAt)
                        .priority(7)
                        .maxAttempts(3)
                        .metadata(Map.of("tenant", "acme", "depth", Map.of("n", 2))))
                .block(PATIENCE);

        Task<Email> task = lease(storage, 1).first();

        assertThat(task.id()).isEqualTo(id);
        assertThat(task.args()).isEqualTo(Email.number(1));
        assertThat(task.context().queue()).isEqualTo("email");
        assertThat(task.context().runAt()).isEqualTo(runAt);
        assertThat(task.context().priority()).isEqualTo(7);
        assertThat(task.context().maxAttempts()).isEqualTo(3);
        assertThat(task.context().metadata()).isEqualTo(Map.of("tenant", "acme", "depth", Map.of("n", 2)));
    }

    @Test
    void theQueueWorksOverAConnectionPool() {
        ConnectionPool pool = new ConnectionPool(ConnectionPoolConfiguration.builder(database.factory())
                .maxSize(2)
                .build());
        try {
            LibsqlStorage<Email> pooled = LibsqlStorage.create(pool, Email.class, config().build());
            pooled.pushAll(Flux.range(0, 50).map(Email::number)).block(PATIENCE);
            List<Outcome<String>> outcomes = work(pooled, task -> Mono.just("ok"))
                    .take(50)
                    .collectList()
                    .blockOptional(PATIENCE)
                    .orElseThrow();
            assertThat(outcomes).hasSize(50);
            assertThat(count("status = 'Done'")).isEqualTo(50);
            events.await(StorageEvent.WorkerStopped.class);
        } finally {
            pool.disposeLater().block(PATIENCE);
        }
    }

    @Test
    void queuesDoNotSeeEachOthersTasks() {
        LibsqlStorage<Email> letters =
                storage(Config.builder("letter").listener(events).drainTime(Duration.ZERO));
        letters.push(new Email("letter", "")).block(PATIENCE);
        storage.push(new Email("email", "")).block(PATIENCE);

        assertThat(lease(storage, 5).first().args().to()).isEqualTo("email");
        assertThat(count("job_type = 'letter' AND status = 'Pending'")).isEqualTo(1);
    }

    // ---- when polls look

    @Test
    void aPushWakesAnIdlePoll() {
        LibsqlStorage<Email> lazy = storage(config().pollInterval(Duration.ofHours(1)));
        Leased leased = lease(lazy, 1);
        events.await(StorageEvent.Fetched.class, fetched -> fetched.tasks() == 0);

        lazy.push(Email.number(1)).block(PATIENCE);

        assertThat(leased.first().args()).isEqualTo(Email.number(1));
    }

    @Test
    void aPushThroughAnotherStorageOfTheQueueWakesAnIdlePoll() {
        LibsqlStorage<Email> lazy = storage(config().pollInterval(Duration.ofHours(1)));
        Leased leased = lease(lazy, 1);
        events.await(StorageEvent.Fetched.class, fetched -> fetched.tasks() == 0);

        storage.push(Email.number(1)).block(PATIENCE);

        assertThat(leased.first().args()).isEqualTo(Email.number(1));
    }

    @Test
    void aTaskPushedByOthersIsFoundAtTheNextInterval() {
        Leased leased = lease(storage, 1);
        events.await(StorageEvent.Fetched.class, fetched -> fetched.tasks() == 0);

        database.sql(
                "INSERT INTO Jobs (job, id, job_type, run_at) VALUES (CAST('{\"to\":\"x\",\"text\":\"y\"}' AS BLOB),"
                        + " '01JDPXB6WZ0000000000000000', 'email', 0)");

        assertThat(leased.first().args()).isEqualTo(new Email("x", "y"));
    }

    @Test
    void aDelayedTaskWaitsByTheDatabasesClock() {
        long pushedAt = database.number("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)");
        storage.push(NewTask.of(Email.number(1)).delay(Duration.ofMillis(900))).block(PATIENCE);
        Task<Email> task = lease(storage, 1).first();

        long runAt = task.context().runAt().getEpochSecond();
        assertThat(runAt * 1000).isGreaterThanOrEqualTo(pushedAt + 900);
        assertThat(database.number("SELECT unixepoch() >= " + runAt)).isEqualTo(1);
    }

    @Test
    void theNextDueTimeWakesAnIdlePollBeforeItsInterval() {
        LibsqlStorage<Email> lazy = storage(config().pollInterval(Duration.ofHours(1)));
        Leased leased = lease(lazy, 1);
        lazy.push(NewTask.of(Email.number(1)).delay(Duration.ofSeconds(1))).block(PATIENCE);

        assertThat(leased.first().args()).isEqualTo(Email.number(1));
    }

    @Test
    void aRetryThatComesDueWakesAnIdlePollBeforeItsInterval() {
        LibsqlStorage<Email> lazy = storage(
                config().pollInterval(Duration.ofHours(1)).retryPolicy(RetryPolicy.fixed(Duration.ofMillis(100))));
        push(1);
        List<Outcome<String>> outcomes = work(
                        lazy, task -> task.attempt() == 1 ? Mono.error(new IllegalStateException()) : Mono.just("ok"))
                .take(2)
                .collectList()
                .blockOptional(PATIENCE)
                .orElseThrow();
        assertThat(outcomes).extracting(Outcome::status).containsExactly(TaskStatus.FAILED, TaskStatus.DONE);
    }

    @Test
    void nothingIsFetchedWithoutDemandAndABufferNeverHoldsMore() {
        LibsqlStorage<Email> small = storage(config().bufferSize(4));
        push(20);
        Leased none = lease(small, 1);
        none.first();
        assertThat(count("status = 'Queued'")).isEqualTo(4);

        none.request(3);
        none.take(4);
        assertThat(count("status = 'Queued'")).isEqualTo(4);

        none.request(1);
        none.take(5);
        assertThat(count("status = 'Queued'")).isEqualTo(8);
    }

    // ---- failing

    @Test
    void aFailedTaskRunsAgainWithItsAttemptCounted() {
        push(1);
        List<Integer> attempts = new ArrayList<>();

        List<Outcome<String>> outcomes = work(storage, task -> {
                    attempts.add(task.attempt());
                    return task.attempt() < 3 ? Mono.error(new IllegalStateException("no route")) : Mono.just("ok");
                })
                .take(3)
                .collectList()
                .blockOptional(PATIENCE)
                .orElseThrow();

        assertThat(attempts).containsExactly(1, 2, 3);
        assertThat(outcomes)
                .extracting(Outcome::status)
                .containsExactly(TaskStatus.FAILED, TaskStatus.FAILED, TaskStatus.DONE);
        assertThat(outcomes.get(0).error()).hasMessage("no route");
        assertThat(database.sql("SELECT status, attempts FROM Jobs")).containsExactly(List.of("Done", 2L));
    }

    @Test
    void theWaitBeforeTheNextTryIsStored() {
        LibsqlStorage<Email> patient = storage(config().retryPolicy(RetryPolicy.fixed(Duration.ofHours(2))));
        push(1);

        work(patient, task -> Mono.error(new IllegalStateException("no route"))).blockFirst(PATIENCE);

        assertThat(database.sql("SELECT status, attempts, last_error, run_at BETWEEN unixepoch() + 7190 AND unixepoch()"
                        + " + 7201 FROM Jobs"))
                .containsExactly(List.of("Failed", 1L, "{\"Err\":\"java.lang.IllegalStateException: no route\"}", 1L));
    }

    @Test
    void aTaskWithoutTriesLeftIsKilled() {
        storage.push(NewTask.of(Email.number(1)).maxAttempts(2)).block(PATIENCE);

        List<Outcome<String>> outcomes = work(storage, task -> Mono.error(new IllegalStateException("no")))
                .take(2)
                .collectList()
                .blockOptional(PATIENCE)
                .orElseThrow();

        assertThat(outcomes).extracting(Outcome::status).containsExactly(TaskStatus.FAILED, TaskStatus.KILLED);
        assertThat(database.sql("SELECT status, attempts FROM Jobs")).containsExactly(List.of("Killed", 2L));
    }

    @Test
    void anAbortErrorKillsAtOnce() {
        push(1);
        Outcome<String> outcome = first(work(storage, task -> Mono.error(new AbortError("no such mailbox"))));
        assertThat(outcome.status()).isEqualTo(TaskStatus.KILLED);
        assertThat(database.sql("SELECT status, attempts, last_error FROM Jobs"))
                .containsExactly(List.of("Killed", 1L, "{\"Err\":\"dev.pollux.AbortError: no such mailbox\"}"));
    }

    @Test
    void aRetryPolicyThatSaysNoKillsAtOnce() {
        LibsqlStorage<Email> strict = storage(config().retryPolicy((attempt, error) -> null));
        push(1);
        Outcome<String> outcome = first(work(strict, task -> Mono.error(new IllegalStateException("no"))));
        assertThat(outcome.status()).isEqualTo(TaskStatus.KILLED);
    }

    @Test
    void aHandlerThatThrowsDoesNotEndTheStream() {
        push(3);
        List<Outcome<String>> outcomes = work(storage, task -> {
                    if (task.attempt() == 1) {
                        throw new IllegalArgumentException("thrown");
                    }
                    return Mono.just("ok");
                })
                .take(6)
                .collectList()
                .blockOptional(PATIENCE)
                .orElseThrow();
        assertThat(outcomes)
                .filteredOn(outcome -> outcome.status() == TaskStatus.DONE)
                .hasSize(3);
    }

    @Test
    void anErrorThatIsNoExceptionFailsItsTaskAndTheStreamGoesOn() {
        push(3);
        List<Outcome<String>> outcomes = work(storage, task -> {
                    if (task.attempt() == 1 && task.args().equals(Email.number(0))) {
                        return Mono.fromCallable(() -> {
                            throw new StackOverflowError("Reactor lets it through");
                        });
                    }
                    if (task.attempt() == 1) {
                        throw new NoClassDefFoundError("thrown");
                    }
                    return Mono.just("ok");
                })
                .take(6)
                .collectList()
                .blockOptional(PATIENCE)
                .orElseThrow();
        assertThat(outcomes)
                .filteredOn(outcome -> outcome.status() == TaskStatus.DONE)
                .hasSize(3);
    }

    @Test
    void aRetryPolicyThatThrowsLosesNoOutcome() {
        LibsqlStorage<Email> broken = storage(config().retryPolicy((attempt, error) -> {
            throw new IllegalStateException("policy");
        }));
        push(1);
        Outcome<String> outcome = first(work(broken, task -> Mono.error(new IllegalStateException("no"))));
        assertThat(outcome.status()).isEqualTo(TaskStatus.FAILED);
        assertThat(events.of(StorageEvent.Fault.class))
                .extracting(StorageEvent.Fault::step)
                .containsExactly("retry policy");
    }

    @Test
    void halfASurrogatePairInAnErrorHarmsNobodyElse() {
        push(20);
        List<Outcome<String>> outcomes = work(
                        storage,
                        task -> task.args().equals(Email.number(7))
                                ? Mono.error(new AbortError("half a pair: \uD83D"))
                                : Mono.just("ok"))
                .take(20)
                .collectList()
                .blockOptional(PATIENCE)
                .orElseThrow();
        assertThat(outcomes)
                .filteredOn(outcome -> outcome.status() == TaskStatus.KILLED)
                .hasSize(1);
        assertThat(database.value("SELECT last_error ->> '$.Err' FROM Jobs WHERE status = 'Killed'"))
                .isEqualTo("dev.pollux.AbortError: half a pair: \uFFFD");
        assertThat(count("status = 'Done'")).isEqualTo(19);
    }

    @Test
    void aCodecThatThrowsAnErrorKillsTheTaskAndThePollGoesOn() {
        TaskCodec<Email> codec = new TaskCodec<>() {
            @Override
            public byte[] encode(Email args) {
                return TaskCodec.json(Email.class).encode(args);
            }

            @Override
            public Email decode(byte[] bytes) {
                Email email = TaskCodec.json(Email.class).decode(bytes);
                if (email.to().equals("poison")) {
                    throw new NoClassDefFoundError("secret");
                }
                return email;
            }
        };
        LibsqlStorage<Email> storageOfCodec = LibsqlStorage.create(database.factory(), codec, config().build());
        storageOfCodec.push(NewTask.of(new Email("poison", "")).priority(1)).block(PATIENCE);
        push(1);
        assertThat(first(work(storageOfCodec, task -> Mono.just("ok"))).value()).isEqualTo("ok");
        assertThat(events.await(StorageEvent.Poisoned.class).reason()).doesNotContain("secret");
    }

    @Test
    void oddNumbersThatOthersWroteAreServed() {
        database.sql("INSERT INTO Jobs (job, id, job_type, run_at, priority) VALUES ('{\"to\":\"x\",\"text\":\"y\"}',"
                + " '01JDPXB6WZ0000000000000000', 'email', 1.5, 2.5)");
        Task<Email> task = lease(storage, 1).first();
        assertThat(task.args()).isEqualTo(new Email("x", "y"));
        assertThat(task.context().runAt()).isEqualTo(Instant.ofEpochSecond(1));
    }

    @Test
    void whatCannotBeWrittenIsRefusedWithoutShowingIt() {
        Map<String, Object> metadata = new HashMap<>();
        metadata.put("secret", metadata);
        assertThatThrownBy(() -> storage.push(NewTask.of(Email.number(1)).metadata(metadata))
                        .block(PATIENCE))
                .isInstanceOf(LibsqlException.class)
                .hasMessageContaining("queue 'email'")
                .hasMessageContaining("metadata")
                .hasMessageNotContaining("secret")
                .hasNoCause();
    }

    @Test
    void anEmptyHandlerIsDoneWithNullAndAFluxWithItsLastValue() {
        push(2);
        AtomicInteger runs = new AtomicInteger();
        work(storage, task -> runs.getAndIncrement() == 0 ? Mono.empty() : Flux.just("a", "b"))
                .take(2)
                .blockLast(PATIENCE);
        assertThat(database.sql("SELECT last_error FROM Jobs ORDER BY last_error"))
                .containsExactly(List.of("{\"Ok\":\"b\"}"), List.of("{\"Ok\":null}"));
    }

    @Test
    void aResultThatIsNoJsonIsDoneWithNullAndReported() {
        push(1);
        Map<String, Object> loop = new HashMap<>();
        loop.put("self", loop);
        Outcome<Object> outcome = first(
                storage.poll(WORKER).transform(storage.lock()).flatMap(storage.<Object>ack(task -> Mono.just(loop))));
        assertThat(outcome.status()).isEqualTo(TaskStatus.DONE);
        assertThat(database.value("SELECT last_error FROM Jobs")).isEqualTo("{\"Ok\":null}");
        assertThat(events.of(StorageEvent.ResultNotStored.class)).hasSize(1);
    }

    @Test
    void aPayloadThatCannotBeReadIsKilledWithItsBytesKeptAndTheStreamGoesOn() {
        byte[] garbage = "{secret: \u0000 garbage".getBytes(StandardCharsets.UTF_8);
        storage.compact().push(NewTask.of(garbage).priority(9)).block(PATIENCE);
        push(1);

        assertThat(first(work(storage, task -> Mono.just("ok"))).value()).isEqualTo("ok");

        events.await(StorageEvent.Poisoned.class);
        database.becomes("SELECT count(*) FROM Jobs WHERE status = 'Killed'", 1L, Flux.interval(Duration.ofMillis(5)))
                .block(PATIENCE);
        assertThat((String) database.value("SELECT last_error FROM Jobs WHERE status = 'Killed'"))
                .startsWith("{\"Err\":\"cannot read the payload of " + garbage.length + " bytes")
                .doesNotContain("secret");
        assertThat(database.value("SELECT hex(job) FROM Jobs WHERE status = 'Killed'"))
                .isEqualTo(HexFormat.of().withUpperCase().formatHex(garbage));
    }

    // ---- leases

    @Test
    void aLateAckAfterTheOrphanSweepFailsAndChangesNothing() {
        push(1);
        Task<Email> task = leaseToAnother("stopped-worker");
        makeWorkersSilent();
        assertThat(storage.reenqueueOrphaned().block(PATIENCE)).isEqualTo(1);

        assertThatThrownBy(() -> storage.ackDone(task, "late").block(PATIENCE))
                .isInstanceOf(LeaseLostException.class)
                .hasMessageContaining("queue 'email'")
                .hasMessageContaining(task.id().value())
                .hasMessageContaining("orphan sweep");

        assertThat(database.sql("SELECT status, attempts, lock_by IS NULL FROM Jobs"))
                .containsExactly(List.of("Pending", 1L, 1L));
    }

    /** Leases the only task to a worker of another process, alive for now. */
    private Task<Email> leaseToAnother(String worker) {
        database.sql("INSERT INTO Workers (id, worker_type, storage_name, layers, last_seen) VALUES ('" + worker
                + "', 'email', 'LibsqlStorage', '', unixepoch())");
        database.sql("UPDATE Jobs SET status = 'Queued', lock_by = '" + worker + "', lock_at = unixepoch()");
        TaskId id = new TaskId(String.valueOf(database.value("SELECT id FROM Jobs")));
        return storage.fetchById(id).blockOptional(PATIENCE).orElseThrow();
    }

    private void makeWorkersSilent() {
        database.sql("UPDATE Workers SET last_seen = unixepoch() - 100000");
    }

    @Test
    void theSweepCountsATryForQueuedAndRunningAndKillsWithoutTriesLeft() {
        push(2);
        storage.push(NewTask.of(Email.number(3)).maxAttempts(1)).block(PATIENCE);
        leaseAllToADeadWorker();
        database.sql("UPDATE Jobs SET status = 'Running' WHERE max_attempts = 1 OR id = (SELECT min(id) FROM Jobs)");

        assertThat(storage.reenqueueOrphaned().block(PATIENCE)).isEqualTo(3);

        assertThat(database.sql("SELECT status, attempts, lock_by IS NULL FROM Jobs ORDER BY max_attempts, id"))
                .containsExactly(List.of("Killed", 1L, 1L), List.of("Pending", 1L, 1L), List.of("Pending", 1L, 1L));
        assertThat(events.of(StorageEvent.Orphaned.class)).hasSize(3);
        assertThat((String) database.value("SELECT last_error FROM Jobs WHERE status = 'Killed'"))
                .isEqualTo("{\"Err\":\"orphaned: worker dead-worker stopped beating\"}");
    }

    private void leaseAllToADeadWorker() {
        database.sql("INSERT INTO Workers (id, worker_type, storage_name, layers, last_seen) VALUES ('dead-worker',"
                + " 'email', 'LibsqlStorage', '', unixepoch() - 100000)");
        database.sql("UPDATE Jobs SET status = 'Queued', lock_by = 'dead-worker', lock_at = unixepoch()");
    }

    @Test
    void theSweepLeavesTheLeasesOfLivingWorkersAndOfOtherQueues() {
        push(1);
        leaseToAnother("living-worker");
        assertThat(storage.reenqueueOrphaned().block(PATIENCE)).isZero();

        makeWorkersSilent();
        LibsqlStorage<Email> letters = storage(Config.builder("letter").listener(events));
        assertThat(letters.reenqueueOrphaned().block(PATIENCE)).isZero();
        assertThat(storage.reenqueueOrphaned().block(PATIENCE)).isEqualTo(1);
    }

    @Test
    void aPollSweepsOrphansWhenItStarts() {
        push(1);
        leaseAllToADeadWorker();
        Task<Email> task = lease(storage, 1).first();
        assertThat(task.attempts()).isEqualTo(1);
    }

    @Test
    void aWorkerBeats() {
        LibsqlStorage<Email> lively = storage(config().keepAlive(Duration.ofMillis(50)));
        lease(lively, 1);
        events.await(StorageEvent.WorkerStarted.class);
        makeWorkersSilent();
        database.becomes(
                        "SELECT count(*) FROM Workers WHERE last_seen > unixepoch() - 60",
                        1L,
                        Flux.interval(Duration.ofMillis(5)))
                .block(PATIENCE);
    }

    @Test
    void aLeaseThatItsWorkerDoesNotKnowIsGivenBackAtTheNextBeat() {
        LibsqlStorage<Email> lively = storage(config().keepAlive(Duration.ofMillis(50)));
        Leased leased = lease(lively, 1);
        String worker = events.await(StorageEvent.WorkerStarted.class).worker();
        // As if the answer of a fetch had been lost.
        database.sql("INSERT INTO Jobs (job, id, job_type, status, run_at, lock_by, lock_at) VALUES"
                + " (CAST('{\"to\":\"x\",\"text\":\"y\"}' AS BLOB), '01JDPXB6WZ0000000000000000', 'email', 'Queued', 0, '"
                + worker + "', unixepoch())");

        Task<Email> task = leased.first();

        assertThat(task.attempts()).isZero();
        assertThat(events.await(StorageEvent.Released.class).task().value()).isEqualTo("01JDPXB6WZ0000000000000000");
    }

    @Test
    void ackingTwiceFails() {
        push(1);
        Task<Email> task = lease(storage, 1).first();
        storage.ackDone(task, null).block(PATIENCE);
        assertThatThrownBy(() -> storage.ackDone(task, null).block(PATIENCE))
                .isInstanceOf(LeaseLostException.class)
                .hasMessageContaining("acknowledged already")
                .hasMessageContaining(task.id().value());
        assertThatThrownBy(() ->
                        storage.ackFailed(task, new IllegalStateException()).block(PATIENCE))
                .isInstanceOf(LeaseLostException.class);
        assertThat(database.sql("SELECT status, attempts FROM Jobs")).containsExactly(List.of("Done", 0L));
    }

    @Test
    void ackingATaskOfAnotherWorkerFails() {
        push(1);
        Task<Email> task = lease(storage, 1).first();
        database.sql("INSERT INTO Workers (id, worker_type, storage_name, last_seen) VALUES ('thief', 'email', '',"
                + " unixepoch())");
        database.sql("UPDATE Jobs SET lock_by = 'thief'");
        assertThatThrownBy(() -> storage.ackDone(task, null).block(PATIENCE))
                .isInstanceOf(LeaseLostException.class)
                .hasMessageContaining("worker thief has it");
        assertThatThrownBy(() -> storage.lock(task).block(PATIENCE)).isInstanceOf(LeaseLostException.class);
        assertThatThrownBy(() -> storage.release(task).block(PATIENCE)).isInstanceOf(LeaseLostException.class);
        assertThat(database.sql("SELECT status, lock_by FROM Jobs")).containsExactly(List.of("Queued", "thief"));
    }

    @Test
    void lockAndAckOfATaskThatIsNotLeasedAreRefused() {
        TaskId id = TaskId.next();
        storage.push(NewTask.of(Email.number(1)).id(id)).block(PATIENCE);
        Task<Email> task = storage.fetchById(id).blockOptional(PATIENCE).orElseThrow();
        assertThatThrownBy(() -> storage.lock(task).block(PATIENCE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not leased");
        assertThatThrownBy(() -> storage.ackDone(task, null).block(PATIENCE))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> storage.<String>ack(unleased -> Mono.error(new AssertionError("it ran")))
                        .apply(task)
                        .block(PATIENCE))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theLockOperatorDropsATaskThatIsNotOursAnyMoreAndGoesOn() {
        push(2);
        AtomicBoolean stolen = new AtomicBoolean();
        storage.poll(WORKER)
                .publishOn(Schedulers.boundedElastic(), 1)
                .doOnNext(leased -> {
                    if (stolen.compareAndSet(false, true)) {
                        lose(leased);
                    }
                })
                .transform(storage.lock())
                .blockFirst(PATIENCE);
        assertThat(events.of(StorageEvent.LeaseLost.class)).hasSize(1);
    }

    @Test
    void theLockOperatorWorksAheadByThreeTimesWhatWasAskedForAtOnceAndGivesThatBack() {
        LibsqlStorage<Email> small = storage(config().bufferSize(3).drainTime(Duration.ofHours(1)));
        push(20);
        Leased locked = new Leased(2);
        small.poll(WORKER).transform(small.lock()).subscribe(locked);
        locked.take(2);
        becomes("SELECT count(*) FROM Jobs WHERE status = 'Running'", 8);
        assertThat(count("status = 'Queued'")).isZero();

        locked.request(5);
        List<Task<Email>> passed = locked.take(7);
        becomes("SELECT count(*) FROM Jobs WHERE status = 'Running'", 16);

        locked.cancel();
        becomes("SELECT count(*) FROM Jobs WHERE status = 'Running'", 7);
        assertThat(count("status = 'Pending' AND attempts = 0")).isEqualTo(13);
        passed.forEach(task -> small.ackDone(task, null).block(PATIENCE));
    }

    @Test
    void aLockRightBehindItsPollIsPartOfTheFetch() {
        recordMoves();
        push(20);
        work(storage, task -> Mono.just("ok")).take(20).blockLast(PATIENCE);

        assertThat(moves()).containsExactly(List.of("Pending", "Running", 20L), List.of("Running", "Done", 20L));
        assertThat(events.of(StorageEvent.Locked.class)).hasSize(20);
    }

    @Test
    void aLockBehindAnotherOperatorTakesTheTasksThatItIsGiven() {
        recordMoves();
        push(200);
        Set<TaskId> seen = ConcurrentHashMap.newKeySet();
        storage.poll(WORKER)
                .filter(task -> seen.add(task.id()))
                .transform(storage.lock())
                .doOnNext(task -> assertThat(task.status()).isEqualTo(TaskStatus.RUNNING))
                .flatMap(storage.<String>ack(task -> Mono.just("ok")), 64)
                .take(200)
                .blockLast(PATIENCE);

        assertThat(moves())
                .containsExactly(
                        List.of("Pending", "Queued", 200L),
                        List.of("Queued", "Running", 200L),
                        List.of("Running", "Done", 200L));
        assertThat(events.of(StorageEvent.Locked.class)).hasSize(200);
    }

    /** Has the database write down how each task moves from one status to another. */
    private void recordMoves() {
        database.sql("CREATE TABLE Moves (before TEXT, after TEXT)");
        database.sql("CREATE TRIGGER move AFTER UPDATE OF status ON Jobs"
                + " BEGIN INSERT INTO Moves VALUES (old.status, new.status); END");
    }

    private List<List<@Nullable Object>> moves() {
        return database.sql("SELECT before, after, count(*) FROM Moves GROUP BY before, after ORDER BY min(rowid)");
    }

    @Test
    void leasesThatAreLostAmongManyCostTheOthersNothing() {
        int tasks = 60;
        push(tasks);
        List<Task<Email>> leased = lease(storage, tasks).take(tasks);

        lose(leased.get(7));
        assertThat(lost(leased, storage::lock)).containsExactly(leased.get(7));
        assertThat(count("status = 'Running'")).isEqualTo(tasks - 1);

        lose(leased.get(20));
        assertThat(lost(leased.subList(0, 30), task -> storage.ackDone(task, "sent")))
                .containsExactly(leased.get(7), leased.get(20));
        assertThat(count("status = 'Done' AND last_error = '{\"Ok\":\"sent\"}'"))
                .isEqualTo(28);

        lose(leased.get(50));
        assertThat(lost(leased.subList(30, 60), storage::release)).containsExactly(leased.get(50));
        assertThat(count("status = 'Running'")).isZero();
        assertThat(count("status = 'Pending' AND attempts = 1 AND last_error IS NULL"))
                .isEqualTo(3);
    }

    @Test
    void leasesOfSeveralFetchesAndTriesAreLockedAndAckedTogether() {
        int tasks = 75;
        push(tasks);
        database.sql("UPDATE Jobs SET attempts = rowid % 2");
        LibsqlStorage<Email> small = storage(config().bufferSize(25));
        List<Task<Email>> leased = lease(small, tasks).take(tasks);
        assertThat(leased.stream().map(task -> task.context().lease())).contains(1L, 2L, 3L);
        lose(leased.get(40));

        assertThat(lost(leased, small::lock)).containsExactly(leased.get(40));
        assertThat(lost(leased, task -> small.ackDone(task, task.args().to()))).containsExactly(leased.get(40));

        assertThat(count("status = 'Done' AND attempts = rowid % 2"
                        + " AND last_error = json_object('Ok', CAST(job AS TEXT) ->> 'to')"))
                .isEqualTo(tasks - 1);
    }

    @Test
    void manyLeasesThatWereGivenBackAreOverAlsoWhenTheirWorkerHasTheTasksAnew() {
        int tasks = 20;
        push(tasks);
        Leased lease = lease(storage, tasks + tasks);
        List<Task<Email>> before = lease.take(tasks);
        assertThat(lost(before, storage::release)).isEmpty();
        lease.take(tasks + tasks);

        assertThat(lost(before, storage::lock)).isEqualTo(before);
        assertThat(lost(before, task -> storage.ackDone(task, "late"))).isEqualTo(before);
        assertThat(count("status = 'Queued' AND last_error IS NULL")).isEqualTo(tasks);
    }

    /** Those of the tasks for which a step, done for all at once, says that their lease is lost. */
    private static List<Task<Email>> lost(List<Task<Email>> tasks, Function<Task<Email>, Mono<?>> step) {
        return Flux.fromIterable(tasks)
                .flatMapSequential(
                        task -> step.apply(task)
                                .then(Mono.<Task<Email>>empty())
                                .onErrorReturn(LeaseLostException.class, task),
                        tasks.size())
                .collectList()
                .blockOptional(PATIENCE)
                .orElseThrow();
    }

    /** Takes a lease back, as a sweep does, and puts the task off. */
    private void lose(Task<Email> task) {
        database.sql("UPDATE Jobs SET lock_by = NULL, status = 'Pending', attempts = 1, run_at = unixepoch() + 1000"
                + " WHERE id = '" + task.id() + "'");
    }

    private void becomes(String query, long expected) {
        database.becomes(query, expected, Flux.interval(Duration.ofMillis(5))).block(PATIENCE);
    }

    @Test
    void aReleasedTaskIsPendingAndNoTryIsCounted() {
        push(1);
        Leased leased = lease(storage, 2);
        Task<Email> task = leased.first();
        storage.release(task).block(PATIENCE);
        List<Task<Email>> both = leased.take(2);
        assertThat(both.get(1).id()).isEqualTo(task.id());
        assertThat(both.get(1).attempts()).isZero();
    }

    @Test
    void aLeaseThatWasGivenBackIsOverAlsoWhenItsWorkerHasTheTaskAnew() {
        push(1);
        Leased leased = lease(storage, 2);
        Task<Email> before = leased.first();
        storage.release(before).block(PATIENCE);
        Task<Email> anew = leased.take(2).get(1);

        for (Mono<?> late : List.of(
                storage.lock(before),
                storage.release(before),
                storage.ackDone(before, null),
                storage.ackFailed(before, new IllegalStateException("late")))) {
            assertThatThrownBy(() -> late.block(PATIENCE))
                    .isInstanceOf(LeaseLostException.class)
                    .hasMessageContaining("has fetched the task anew");
        }

        assertThat(database.sql("SELECT status, attempts FROM Jobs")).containsExactly(List.of("Queued", 0L));
        assertThat(anew.context().lockBy()).isEqualTo(before.context().lockBy());
        storage.ackDone(anew, null).block(PATIENCE);
    }

    // ---- cancelling

    @Test
    void cancellingAPollGivesBackWhatWasNotEmittedAtOnce() {
        LibsqlStorage<Email> patient = storage(config().drainTime(Duration.ofHours(1)));
        push(10);
        Leased leased = lease(patient, 3);
        List<Task<Email>> emitted = leased.take(3);

        leased.cancel();

        events.flux().ofType(StorageEvent.Released.class).take(7).blockLast(PATIENCE);
        assertThat(count("status = 'Queued'")).isEqualTo(3);
        assertThat(count("status = 'Pending' AND attempts = 0 AND lock_by IS NULL"))
                .isEqualTo(7);
        assertThat(database.number("SELECT count(*) FROM Workers WHERE worker_type = 'email'"))
                .isEqualTo(1);

        emitted.forEach(task -> patient.ackDone(task, null).block(PATIENCE));
        events.await(StorageEvent.WorkerStopped.class);
        assertThat(database.number("SELECT count(*) FROM Workers WHERE worker_type = 'email'"))
                .isZero();
        assertThat(count("status = 'Done'")).isEqualTo(3);
    }

    @Test
    void whenTheDrainTimeIsOverTheRestIsGivenBackAndTheWorkerForgotten() {
        push(2);
        Leased leased = lease(storage, 2);
        leased.take(2);

        leased.cancel();

        assertThat(events.await(StorageEvent.WorkerStopped.class).released()).isEqualTo(2);
        assertThat(count("status = 'Pending'")).isEqualTo(2);
        assertThat(database.number("SELECT count(*) FROM Workers WHERE worker_type = 'email'"))
                .isZero();
    }

    @Test
    void aPollThatIsEndedBehindTheLockFinishesItsHandlersAndGivesBackWhatWasLockedAhead() {
        LibsqlStorage<Email> patient = storage(config().bufferSize(2).drainTime(Duration.ofHours(1)));
        push(20);
        Sinks.Empty<Void> stop = Sinks.empty();
        Sinks.Empty<Void> handled = Sinks.empty();
        Sinks.Empty<Void> ended = Sinks.empty();
        running.add(patient.poll(WORKER)
                .transform(patient.lock())
                .takeUntilOther(stop.asMono())
                .flatMap(patient.ack(task -> handled.asMono()), 2)
                .doOnComplete(ended::tryEmitEmpty)
                .subscribe());
        becomes("SELECT count(*) FROM Jobs WHERE status = 'Running'", 8);

        stop.tryEmitEmpty();
        becomes("SELECT count(*) FROM Jobs WHERE status = 'Running'", 2);
        handled.tryEmitEmpty();

        ended.asMono().block(PATIENCE);
        events.await(StorageEvent.WorkerStopped.class);
        assertThat(count("status = 'Done'")).isEqualTo(2);
        assertThat(count("status = 'Pending' AND attempts = 0 AND lock_by IS NULL"))
                .isEqualTo(18);
    }

    @Test
    void aCancelledHandlerLeavesItsTaskToBeReleased() {
        push(1);
        AtomicBoolean cancelled = new AtomicBoolean();
        Disposable pipeline = work(storage, task -> Mono.<String>never().doOnCancel(() -> cancelled.set(true)))
                .subscribe();
        events.await(StorageEvent.Locked.class);
        database.becomes("SELECT status FROM Jobs", "Running", Flux.interval(Duration.ofMillis(5)))
                .block(PATIENCE);

        pipeline.dispose();

        events.await(StorageEvent.Released.class);
        assertThat(cancelled).isTrue();
        assertThat(database.sql("SELECT status, attempts FROM Jobs")).containsExactly(List.of("Pending", 0L));
    }

    @Test
    void anOutcomeIsStoredEvenIfNobodyWaitsForItAnyMore() {
        push(5);
        // take(1) cancels the others, whose handlers have ended.
        work(storage, task -> Mono.just("ok")).take(1).blockLast(PATIENCE);
        events.await(StorageEvent.WorkerStopped.class);
        assertThat(count("status = 'Done'") + count("status = 'Pending'")).isEqualTo(5);
        assertThat(count("status = 'Done'")).isPositive();
    }

    // ---- pushing

    @Test
    void concurrentPushesShareTurnsAndAllLand() {
        Flux.range(0, 1000).flatMap(i -> storage.push(Email.number(i)), 256).blockLast(PATIENCE);
        assertThat(count("status = 'Pending'")).isEqualTo(1000);
    }

    @Test
    void aBadPushFailsOnlyItsOwnCaller() {
        TaskId taken = TaskId.next();
        storage.push(NewTask.of(Email.number(1)).id(taken)).block(PATIENCE);

        List<String> results = Flux.range(0, 100)
                .flatMap(
                        i -> storage.push(
                                        i == 50
                                                ? NewTask.of(new Email("other", ""))
                                                        .id(taken)
                                                : NewTask.of(Email.number(i)))
                                .thenReturn("ok")
                                .onErrorResume(DuplicateTaskException.class, error -> Mono.just("duplicate")),
                        100)
                .collectList()
                .blockOptional(PATIENCE)
                .orElseThrow();

        assertThat(results).filteredOn("duplicate"::equals).hasSize(1);
        assertThat(count("true")).isEqualTo(100);
    }

    @Test
    void pushingTheSameTaskAgainAddsNothing() {
        NewTask<Email> task = NewTask.of(Email.number(1)).id(TaskId.next());
        storage.push(task).block(PATIENCE);
        storage.push(task).block(PATIENCE);
        storage.pushAllTasks(Flux.just(task)).block(PATIENCE);
        assertThat(count("true")).isEqualTo(1);
    }

    @Test
    void pushingAnotherPayloadUnderATakenIdFails() {
        TaskId id = TaskId.next();
        storage.push(NewTask.of(Email.number(1)).id(id)).block(PATIENCE);
        assertThatThrownBy(
                        () -> storage.push(NewTask.of(Email.number(2)).id(id)).block(PATIENCE))
                .isInstanceOf(DuplicateTaskException.class)
                .hasMessageContaining(id.value())
                .hasMessageContaining("queue 'email'")
                .hasMessageNotContaining("user2");
    }

    @Test
    void pushAllAddsEverything() {
        push(2_500);
        assertThat(count("status = 'Pending'")).isEqualTo(2_500);
        assertThat(database.number("SELECT count(DISTINCT id) FROM Jobs")).isEqualTo(2_500);
        assertThat(events.of(StorageEvent.Pushed.class))
                .extracting(StorageEvent.Pushed::tasks)
                .containsExactly(1000, 1000, 500);
    }

    @Test
    void aBatchThatFailsAddsNothingOfItselfAndIsNamed() {
        TaskId taken = TaskId.next();
        storage.push(NewTask.of(new Email("other", "")).id(taken)).block(PATIENCE);

        assertThatThrownBy(() -> storage.pushAllTasks(Flux.range(0, 2_500)
                                .map(i -> i == 1_500
                                        ? NewTask.of(Email.number(i)).id(taken)
                                        : NewTask.of(Email.number(i))))
                        .block(PATIENCE))
                .isInstanceOf(DuplicateTaskException.class)
                .hasMessageContaining("batch 2 (tasks 1001 to 2000)")
                .hasMessageContaining(taken.value());

        assertThat(count("true")).isEqualTo(1_001);
    }

    @Test
    void aFailingSourceFailsPushAll() {
        assertThatThrownBy(() -> storage.pushAll(Flux.concat(
                                Flux.just(Email.number(1)), Mono.error(new IllegalStateException("source"))))
                        .block(PATIENCE))
                .isInstanceOf(IllegalStateException.class);
        assertThat(count("true")).isZero();
    }

    @Test
    void theBatchesBeforeAFailureOfTheSourceAreAdded() {
        Flux<Email> tasks =
                Flux.range(0, 1_500).map(Email::number).concatWith(Mono.error(new IllegalStateException("source")));
        assertThatThrownBy(() -> storage.pushAll(tasks).block(PATIENCE))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("source");
        assertThat(count("true")).isEqualTo(1_000);
    }

    @Test
    void aPushOnTheCallersConnectionIsPartOfItsTransaction() {
        TaskId rolledBack = TaskId.next();
        TaskId committed = TaskId.next();
        inTransaction(
                connection ->
                        storage.push(connection, NewTask.of(Email.number(1)).id(rolledBack)),
                false);
        inTransaction(
                connection ->
                        storage.push(connection, NewTask.of(Email.number(2)).id(committed)),
                true);
        assertThat(database.sql("SELECT id FROM Jobs")).containsExactly(List.of(committed.value()));
        assertThatThrownBy(() -> inTransaction(
                        connection -> storage.push(
                                connection, NewTask.of(Email.number(2)).id(committed)),
                        true))
                .isInstanceOf(DuplicateTaskException.class);
        assertThat(events.of(StorageEvent.Pushed.class)).isEmpty();
    }

    private void inTransaction(Function<Connection, Mono<Void>> work, boolean commit) {
        Mono.usingWhen(
                        database.factory().create(),
                        connection -> Mono.from(connection.beginTransaction())
                                .then(Mono.defer(() -> work.apply(connection)))
                                .then(Mono.defer(() -> Mono.from(
                                        commit ? connection.commitTransaction() : connection.rollbackTransaction()))),
                        Connection::close)
                .block(PATIENCE);
    }

    @Test
    void payloadsOfAnyBytesComeBackAsTheyWere() {
        LibsqlStorage<byte[]> bytes = storage.compact();
        List<byte[]> payloads = List.of(
                new byte[0],
                new byte[] {0, 1, 2, (byte) 0xff},
                "emoji \uD83D\uDE00 'quotes' \"double\" \\ \n \u0001".getBytes(StandardCharsets.UTF_8),
                "nul \0 inside".getBytes(StandardCharsets.UTF_8),
                new byte[500_000]);
        for (byte[] payload : payloads) {
            TaskId id = TaskId.next();
            bytes.push(NewTask.of(payload).id(id)).block(PATIENCE);
            assertThat(bytes.fetchById(id).blockOptional(PATIENCE).orElseThrow().args())
                    .isEqualTo(payload);
            assertThat(database.value("SELECT typeof(job) FROM Jobs WHERE id = '" + id + "'"))
                    .isEqualTo("blob");
        }
    }

    @Test
    void aGenericPayloadTypeIsRead() {
        LibsqlStorage<List<Email>> lists =
                LibsqlStorage.create(database.factory(), new TypeReference<List<Email>>() {}, Config.of("lists"));
        TaskId id = TaskId.next();
        List<Email> payload = List.of(Email.number(1), Email.number(2));
        lists.push(NewTask.of(payload).id(id)).block(PATIENCE);
        assertThat(lists.fetchById(id).blockOptional(PATIENCE).orElseThrow().args())
                .isEqualTo(payload);
    }

    @Test
    void fetchByIdIsEmptyForAnUnknownTaskOrAnotherQueue() {
        TaskId id = TaskId.next();
        StepVerifier.create(storage.fetchById(id)).verifyComplete();
        storage.push(NewTask.of(Email.number(1)).id(id)).block(PATIENCE);
        StepVerifier.create(storage(Config.builder("letter").listener(events)).fetchById(id))
                .verifyComplete();
        assertThat(storage.fetchById(id).blockOptional(PATIENCE).orElseThrow().status())
                .isEqualTo(TaskStatus.PENDING);
    }

    // ---- setting up

    @Test
    void setupIsIdempotentAndSafeForManyAtOnce() {
        Flux.range(0, 8)
                .flatMap(i -> storageWith(database, config()).setup())
                .then()
                .block(PATIENCE);
        push(1);
        storage.setup().block(PATIENCE);
        assertThat(count("true")).isEqualTo(1);
    }

    @Test
    void aDatabaseOfANewerPolluxIsRefused() {
        database.sql("INSERT INTO PolluxSchema (version, applied_at) VALUES (99, 0)");
        assertThatThrownBy(() -> storage.setup().block(PATIENCE))
                .isInstanceOf(SchemaException.class)
                .hasMessageContaining("newer Pollux")
                .hasMessageContaining("99");
        assertThatThrownBy(() -> storage.poll(WORKER).blockFirst(PATIENCE)).isInstanceOf(SchemaException.class);
    }

    @Test
    void aDatabaseOfAnOlderPolluxIsUpgradedAlsoByManyAtOnce() {
        push(1);
        database.sql("ALTER TABLE Jobs DROP COLUMN lease");
        database.sql("UPDATE PolluxSchema SET version = 1");
        assertThatThrownBy(() -> storage.poll(WORKER).blockFirst(PATIENCE))
                .isInstanceOf(SchemaException.class)
                .hasMessageContaining("call setup()")
                .hasMessageContaining("no such column: lease");

        Flux.range(0, 8)
                .flatMap(i -> storageWith(database, config()).setup())
                .then()
                .block(PATIENCE);

        storage.ackDone(lease(storage, 1).first(), null).block(PATIENCE);
        assertThat(count("status = 'Done' AND lease = 1")).isEqualTo(1);
    }

    @Test
    void withoutSetupTheErrorSaysSo() {
        database.sql("DROP TABLE Jobs");
        database.sql("DROP TABLE Workers");
        database.sql("DROP TABLE PolluxSchema");
        assertThatThrownBy(() -> storage.push(Email.number(1)).block(PATIENCE))
                .isInstanceOf(SchemaException.class)
                .hasMessageContaining("call setup()")
                .hasMessageContaining("queue 'email'")
                .hasCauseInstanceOf(R2dbcException.class);
        assertThatThrownBy(() -> storage.poll(WORKER).blockFirst(PATIENCE))
                .isInstanceOf(SchemaException.class)
                .hasMessageContaining("call setup()");
    }

    @Test
    void aJobsTableOfAnotherProgramIsRefused() {
        database.sql("DROP TABLE Jobs");
        database.sql("CREATE TABLE Jobs (id INTEGER PRIMARY KEY, salary INTEGER)");
        assertThatThrownBy(() -> storage.setup().block(PATIENCE))
                .isInstanceOf(SchemaException.class)
                .hasMessageContaining("not a task queue's")
                .hasMessageContaining("max_attempts");
    }

    @Test
    void aMissingTableEndsAPoll() {
        StepVerifier.create(storage.poll(WORKER))
                .then(() -> {
                    events.flux().ofType(StorageEvent.Fetched.class).take(1).blockLast(PATIENCE);
                    database.sql("DROP TABLE Jobs");
                })
                .expectErrorMatches(error -> error instanceof SchemaException
                        && String.valueOf(error.getMessage()).contains("call setup()"))
                .verify(PATIENCE);
        storage.setup().block(PATIENCE);
    }

    @Test
    void enableWalModeCompletes() {
        StepVerifier.create(storage.enableWalMode()).verifyComplete();
        assertThat(database.value("PRAGMA journal_mode")).isIn("wal", "memory");
    }

    @Test
    void whatIsStoredFitsTheRustCrate() {
        storage.push(NewTask.of(Email.number(1)).maxAttempts(1)).block(PATIENCE);
        push(1);
        work(
                        storage,
                        task -> task.context().maxAttempts() == 1
                                ? Mono.error(new IllegalStateException("x"))
                                : Mono.just("y"))
                .take(2)
                .blockLast(PATIENCE);
        for (List<?> row : database.sql("SELECT typeof(job), typeof(id), typeof(job_type), typeof(status),"
                + " typeof(attempts), typeof(max_attempts), typeof(run_at), typeof(last_error), typeof(lock_at),"
                + " typeof(lock_by), typeof(done_at), typeof(priority), json_type(metadata), json_valid(last_error)"
                + " FROM Jobs")) {
            assertThat(row)
                    .isEqualTo(List.of(
                            "blob", "text", "text", "text", "integer", "integer", "integer", "text", "integer", "text",
                            "integer", "integer", "object", 1L));
        }
    }
}
