package dev.pollux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.testing.Events;
import dev.pollux.testing.ScriptedDatabase;
import dev.pollux.testing.ScriptedDatabase.Execution;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** How the lane shares turns, and what it makes of faults that a real database can't be made to show on demand. */
class WriteLaneTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Pattern ULID = Pattern.compile("\"([0-9A-HJKMNP-TV-Z]{26})\"");

    private final Events events = new Events();

    private LibsqlStorage<Email> storage(ScriptedDatabase database, Duration keepAlive) {
        return LibsqlStorage.create(
                database,
                Email.class,
                Config.builder("email").keepAlive(keepAlive).listener(events).build());
    }

    private LibsqlStorage<Email> storage(ScriptedDatabase database) {
        return storage(database, Duration.ofSeconds(30));
    }

    private LibsqlStorage<Email> storageWithRoom(ScriptedDatabase database) {
        return LibsqlStorage.create(
                database,
                Email.class,
                Config.builder("email").bufferSize(100).listener(events).build());
    }

    /** Of which nothing is asked yet. */
    private static BaseSubscriber<Task<Email>> pollThatLocks(LibsqlStorage<Email> storage) {
        return storage.poll(Worker.named("w")).transform(storage.lock()).subscribeWith(new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {}
        });
    }

    /** Answers a push as a database that has none of the ids. */
    private static Flux<List<List<@Nullable Object>>> added(Execution push) {
        return Flux.just(
                ids(push).stream().<List<@Nullable Object>>map(List::of).toList());
    }

    private static List<String> ids(Execution push) {
        List<String> ids = new ArrayList<>();
        Matcher ulid = ULID.matcher(push.arguments().toString());
        while (ulid.find()) {
            ids.add(ulid.group(1));
        }
        return ids;
    }

    private static R2dbcNonTransientResourceException lostAnswer() {
        return new R2dbcNonTransientResourceException("connection reset", "08007");
    }

    @Test
    void pushesThatArriveDuringATurnGoOutAsOneStatement() {
        Sinks.Empty<Void> firstTurn = Sinks.empty();
        AtomicInteger turns = new AtomicInteger();
        ScriptedDatabase database = new ScriptedDatabase(execution ->
                turns.getAndIncrement() == 0 ? firstTurn.asMono().thenMany(added(execution)) : added(execution));
        LibsqlStorage<Email> storage = storage(database);

        StepVerifier.create(Flux.range(0, 101).flatMap(i -> storage.push(Email.number(i)), 101))
                .then(() -> firstTurn.tryEmitEmpty().orThrow())
                .expectComplete()
                .verify(PATIENCE);

        assertThat(database.executions()).hasSize(2);
        assertThat(ids(database.executions().get(0))).hasSize(1);
        assertThat(ids(database.executions().get(1))).hasSize(100).doesNotHaveDuplicates();
    }

    @Test
    void stepsOfDifferentKindsShareOneTextWithParametersNumberedAcrossIt() {
        Sinks.Empty<Void> firstTurn = Sinks.empty();
        AtomicInteger turns = new AtomicInteger();
        ScriptedDatabase database = new ScriptedDatabase(execution -> turns.getAndIncrement() == 0
                ? firstTurn.asMono().thenMany(added(execution))
                : Flux.just(
                        ids(execution).stream()
                                .<List<@Nullable Object>>map(List::of)
                                .toList(),
                        List.of()));
        LibsqlStorage<Email> storage = storage(database);

        StepVerifier.create(Mono.when(
                        storage.push(Email.number(1)), storage.push(Email.number(2)), storage.reenqueueOrphaned()))
                .then(() -> firstTurn.tryEmitEmpty().orThrow())
                .expectComplete()
                .verify(PATIENCE);

        Execution shared = database.executions().get(1);
        assertThat(shared.statements()).isEqualTo(2);
        assertThat(shared.sql())
                .contains("json_each(?3)")
                .contains("job_type = ?4")
                .contains("- ?5");
        assertThat(shared.arguments()).hasSize(5).startsWith("email", 25L).endsWith("email", 300L);
    }

    @Test
    void aFetchThatLocksTakesWhatIsAskedForByTheTimeItGoesOut() {
        Sinks.Empty<Void> pushed = Sinks.empty();
        ScriptedDatabase database = new ScriptedDatabase(execution ->
                execution.has("INSERT INTO Jobs") ? pushed.asMono().thenMany(added(execution)) : execution.nothing());
        LibsqlStorage<Email> storage = storageWithRoom(database);
        BaseSubscriber<Task<Email>> subscriber = pollThatLocks(storage);
        events.await(StorageEvent.WorkerStarted.class);
        Disposable push = storage.push(Email.number(1)).subscribe();
        try {
            subscriber.request(1);
            subscriber.request(9);
            pushed.tryEmitEmpty().orThrow();
            events.await(StorageEvent.Fetched.class);
        } finally {
            subscriber.cancel();
            push.dispose();
        }
        long askedForAndAhead = 1 + 9 + 3 * 9;
        assertThat(database.executions())
                .filteredOn(execution -> execution.has("ladder (step)"))
                .first()
                .satisfies(fetch -> assertThat(fetch.arguments()).contains("Running", askedForAndAhead));
    }

    @Test
    void aPushGoesOutWithTheFetchOfThePollThatWaitsForIt() {
        CompletableFuture<Void> waiting = new CompletableFuture<>();
        ScriptedDatabase database = new ScriptedDatabase(execution -> {
            if (execution.has("ladder (queue, step)")) {
                waiting.complete(null); // it has nothing to fetch, and asks when it will have
            }
            return execution.has("INSERT INTO Jobs")
                    ? Flux.concat(added(execution), execution.nothing().skip(1))
                    : execution.nothing();
        });
        LibsqlStorage<Email> storage = LibsqlStorage.create(
                database,
                Email.class,
                Config.builder("email").pollInterval(Duration.ofHours(1)).build());
        Disposable poll = storage.poll(Worker.named("w")).subscribe();
        try {
            assertThat(waiting).succeedsWithin(PATIENCE);
            storage.push(Email.number(1)).block(PATIENCE);
        } finally {
            poll.dispose();
        }
        assertThat(database.executions())
                .filteredOn(execution -> execution.has("INSERT INTO Jobs"))
                .singleElement()
                .matches(execution -> execution.has("ladder (step)"));
    }

    @Test
    void callersDoNotFallIntoHalvesThatTakeTurns() {
        ScriptedDatabase database = new ScriptedDatabase(
                execution -> Mono.delay(Duration.ofMillis(200)).thenMany(added(execution)));
        LibsqlStorage<Email> storage = storage(database);

        Flux.range(0, 300).flatMap(i -> storage.push(Email.number(i)), 100).blockLast(PATIENCE);

        assertThat(database.executions())
                .as("1 + 100 + 100 + 99; in halves it would be six")
                .hasSizeBetween(4, 5);
    }

    @Test
    void whatWaitedForATurnGoesOutThoughACallerOfThatTurnTakesLong() {
        Sinks.Empty<Void> firstTurn = Sinks.empty();
        LibsqlStorage<Email> storage =
                storage(new ScriptedDatabase(execution -> firstTurn.asMono().thenMany(added(execution))));
        AtomicBoolean over = new AtomicBoolean();
        CompletableFuture<Void> slow = storage.push(Email.number(1))
                .doOnSuccess(pushed -> {
                    while (!over.get()) {
                        Thread.onSpinWait();
                    }
                })
                .toFuture();
        CompletableFuture<Void> waiting = storage.push(Email.number(2)).toFuture();
        CompletableFuture<Void> answer =
                CompletableFuture.runAsync(() -> firstTurn.tryEmitEmpty().orThrow());
        try {
            // After ten seconds the connection's idle timer would find it.
            assertThat(waiting).succeedsWithin(Duration.ofSeconds(8));
            assertThat(slow).isNotDone();
        } finally {
            over.set(true);
        }
        assertThat(slow).succeedsWithin(PATIENCE);
        assertThat(answer).succeedsWithin(PATIENCE);
    }

    @Test
    void aPushCancelledBeforeItsTurnNeverRuns() {
        Sinks.Empty<Void> firstTurn = Sinks.empty();
        ScriptedDatabase database =
                new ScriptedDatabase(execution -> firstTurn.asMono().thenMany(added(execution)));
        LibsqlStorage<Email> storage = storage(database);

        StepVerifier.create(storage.push(Email.number(1)))
                .then(() -> storage.push(Email.number(2)).subscribe().dispose())
                .then(() -> firstTurn.tryEmitEmpty().orThrow())
                .expectComplete()
                .verify(PATIENCE);

        assertThat(database.executions()).hasSize(1);
    }

    @Test
    void aPushWhoseAnswerIsLostIsRepeatedUnderTheSameIdAndCompletes() {
        AtomicInteger tries = new AtomicInteger();
        ScriptedDatabase database = new ScriptedDatabase(execution -> {
            if (execution.has("INSERT INTO Jobs")) {
                // The first try landed, so the second finds the id there.
                return tries.getAndIncrement() == 0 ? Flux.error(lostAnswer()) : execution.nothing();
            }
            return Flux.just(List.of(task(String.valueOf(execution.arguments().get(0)))));
        });

        storage(database).push(Email.number(1)).block(PATIENCE);

        assertThat(ids(database.executions().get(0)))
                .isEqualTo(ids(database.executions().get(1)))
                .hasSize(1);
        assertThat(events.of(StorageEvent.Fault.class)).hasSize(1);
    }

    private static List<@Nullable Object> task(String id) {
        List<@Nullable Object> row = new ArrayList<>();
        row.add(TaskCodec.json(Email.class).encode(Email.number(1)));
        row.addAll(List.of(id, 0L, 25L, 0L));
        row.add(null);
        row.add(0L);
        row.add(null);
        row.addAll(List.of(0L, "{}", "email", "Queued", "worker", 1L));
        return row;
    }

    @Test
    void aBusyDatabaseIsTriedAgainAndReported() {
        AtomicInteger tries = new AtomicInteger();
        ScriptedDatabase database = new ScriptedDatabase(execution -> tries.getAndIncrement() < 3
                ? Flux.error(new R2dbcTransientResourceException("SQLITE_BUSY", "55P03"))
                : added(execution));

        storage(database).push(Email.number(1)).block(PATIENCE);

        assertThat(events.of(StorageEvent.Fault.class))
                .extracting(StorageEvent.Fault::retry)
                .containsExactly(1, 2, 3);
        assertThat(events.of(StorageEvent.Fault.class)).allSatisfy(fault -> {
            assertThat(fault.step()).isEqualTo("push");
            assertThat(fault.retryIn()).isPositive();
        });
    }

    @Test
    void whenPatienceIsOverAPushFailsAndSaysWhereAndWhy() {
        ScriptedDatabase database = new ScriptedDatabase(execution -> Flux.error(lostAnswer()));
        TaskId id = TaskId.next();

        assertThatThrownBy(() -> storage(database, Duration.ofMillis(1))
                        .push(NewTask.of(Email.number(1)).id(id))
                        .block(PATIENCE))
                .isInstanceOf(LibsqlException.class)
                .hasMessageContaining("queue 'email'")
                .hasMessageContaining(id.value())
                .hasMessageContaining("may have taken effect or not")
                .hasMessageContaining("connection reset");

        assertThat(events.of(StorageEvent.Fault.class))
                .last()
                .extracting(StorageEvent.Fault::retryIn)
                .isNull();
    }

    @Test
    void whatComesDuringAFaultGoesOutWithTheNextTry() {
        AtomicInteger tries = new AtomicInteger();
        ScriptedDatabase database = new ScriptedDatabase(execution -> tries.getAndIncrement() == 0
                ? Flux.error(new R2dbcTransientResourceException("SQLITE_BUSY", "55P03"))
                : added(execution));
        LibsqlStorage<Email> storage = storage(database);

        Mono.when(
                        storage.push(Email.number(1)),
                        events.next(StorageEvent.Fault.class, fault -> true).then(storage.push(Email.number(2))))
                .block(PATIENCE);

        assertThat(database.executions()).hasSize(2);
        assertThat(ids(database.executions().get(1))).hasSize(2);
    }

    @Test
    void aRowThatIsRefusedFailsOnlyItsOwnCaller() {
        TaskId bad = TaskId.next();
        Sinks.Empty<Void> firstTurn = Sinks.empty();
        AtomicInteger turns = new AtomicInteger();
        ScriptedDatabase database = new ScriptedDatabase(execution -> {
            if (turns.getAndIncrement() == 0) {
                return firstTurn.asMono().thenMany(added(execution));
            }
            return ids(execution).contains(bad.value())
                    ? Flux.error(new R2dbcDataIntegrityViolationException("SQLITE_TOOBIG", "54000"))
                    : added(execution);
        });
        LibsqlStorage<Email> storage = storage(database);

        Flux<String> results = Flux.concat(Flux.range(0, 60), Flux.just(-1), Flux.range(60, 40))
                .flatMap(
                        i -> storage.push(i < 0 ? NewTask.of(Email.number(i)).id(bad) : NewTask.of(Email.number(i)))
                                .thenReturn("ok")
                                .onErrorResume(LibsqlException.class, error -> Mono.just("" + error.getMessage())),
                        200);

        StepVerifier.create(results.collectList())
                .then(() -> firstTurn.tryEmitEmpty().orThrow())
                .assertNext(all -> {
                    assertThat(all).filteredOn("ok"::equals).hasSize(100);
                    assertThat(all)
                            .filteredOn(result -> result.contains("TOOBIG"))
                            .singleElement()
                            .asString()
                            .contains(bad.value());
                })
                .expectComplete()
                .verify(PATIENCE);
        // A hundred rows in halves: log2(100) rounds, not a hundred.
        assertThat(database.executions()).hasSizeLessThan(20);
    }

    @Test
    void aStatementThatCannotRunDoesNotKeepTheOthersOfItsTurnFromIt() {
        Sinks.Empty<Void> firstTurn = Sinks.empty();
        AtomicInteger turns = new AtomicInteger();
        ScriptedDatabase database = new ScriptedDatabase(execution -> {
            if (turns.getAndIncrement() == 0) {
                return firstTurn.asMono().thenMany(added(execution));
            }
            return execution.has("UPDATE Jobs AS task INDEXED BY")
                    ? Flux.error(new R2dbcBadGrammarException("no such index: PolluxLeased", "42000"))
                    : added(execution);
        });
        LibsqlStorage<Email> storage = storage(database);

        StepVerifier.create(Mono.when(
                        storage.push(Email.number(1)),
                        storage.push(Email.number(2)),
                        storage.reenqueueOrphaned().onErrorResume(SchemaException.class, error -> Mono.just(-1L))))
                .then(() -> firstTurn.tryEmitEmpty().orThrow())
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aRowThatCannotBeReadFailsOnlyItsOwnStatement() {
        Sinks.Empty<Void> firstTurn = Sinks.empty();
        AtomicInteger turns = new AtomicInteger();
        ScriptedDatabase database = new ScriptedDatabase(execution -> turns.getAndIncrement() == 0
                ? firstTurn.asMono().thenMany(added(execution))
                : Flux.concat(added(execution), Flux.just(List.of(List.of("id", "Sleeping", 1L)))));
        LibsqlStorage<Email> storage = storage(database);

        StepVerifier.create(Mono.when(
                        storage.push(Email.number(1)),
                        storage.push(Email.number(2)),
                        storage.reenqueueOrphaned()
                                .onErrorResume(
                                        error -> String.valueOf(error.getMessage())
                                                .contains("Sleeping"),
                                        error -> Mono.just(-1L))))
                .then(() -> firstTurn.tryEmitEmpty().orThrow())
                .expectComplete()
                .verify(PATIENCE);

        assertThat(database.executions())
                .as("what was committed is not run again")
                .hasSize(2);
    }

    @Test
    void aRefusedTokenFailsEveryCallerAtOnce() {
        ScriptedDatabase database = new ScriptedDatabase(
                execution -> Flux.error(new R2dbcPermissionDeniedException("401: the token is wrong", "28000")));
        assertThatThrownBy(() -> storage(database).push(Email.number(1)).block(PATIENCE))
                .isInstanceOf(LibsqlException.class)
                .hasMessageContaining("queue 'email'")
                .hasMessageContaining("the token is wrong");
        assertThat(database.executions()).hasSize(1);
    }

    @Test
    void aFaultThatCannotPassEndsAPollAndOneThatCanDoesNot() {
        AtomicInteger fetches = new AtomicInteger();
        ScriptedDatabase database = new ScriptedDatabase(execution -> {
            if (!execution.has("RECURSIVE")) {
                return execution.nothing();
            }
            return Flux.error(
                    fetches.getAndIncrement() < 2
                            ? new R2dbcTransientResourceException("503", "08001")
                            : new R2dbcPermissionDeniedException("401: the token is wrong", "28000"));
        });

        StepVerifier.create(storage(database).poll(Worker.named("w")))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(LibsqlException.class)
                        .hasMessageContaining("fetch (queue 'email')")
                        .hasMessageContaining("the token is wrong"))
                .verify(PATIENCE);

        assertThat(events.of(StorageEvent.Fault.class))
                .filteredOn(fault -> fault.step().equals("fetch"))
                .hasSize(2);
    }

    @Test
    void aPollThatIsCancelledBeforeItsWorkerIsRegisteredTellsThatItStopped() {
        ScriptedDatabase database = new ScriptedDatabase(
                execution -> Flux.error(new R2dbcTransientResourceException("SQLITE_BUSY", "55P03")));

        Disposable poll = storage(database, Duration.ofMillis(1))
                .poll(Worker.named("early"))
                .subscribe();
        events.await(StorageEvent.Fault.class, fault -> fault.step().equals("start of a worker"));
        poll.dispose();

        assertThat(events.await(StorageEvent.WorkerStopped.class).worker()).startsWith("early-");
        assertThat(events.of(StorageEvent.WorkerStarted.class)).isEmpty();
    }

    @Test
    void anAckWhoseAnswerIsLostCountsIfTheRowShowsIt() {
        AtomicInteger acks = new AtomicInteger();
        ScriptedDatabase database = new ScriptedDatabase(execution -> {
            if (execution.has("SET status = 'Done'")) {
                return acks.getAndIncrement() == 0 ? Flux.error(lostAnswer()) : execution.nothing();
            }
            return Flux.just(List.of(List.of("id", "Done", 0L, "worker", 1L)));
        });
        Outcome<String> outcome = storage(database)
                .ackDone(leased(), "sent")
                .blockOptional(PATIENCE)
                .orElseThrow();
        assertThat(outcome.status()).isEqualTo(TaskStatus.DONE);
        assertThat(acks).hasValue(2);
    }

    @Test
    void anAckThatMatchesNothingTheFirstTimeIsALostLeaseHoweverTheRowLooks() {
        ScriptedDatabase database = new ScriptedDatabase(execution -> execution.has("SET status = 'Done'")
                ? execution.nothing()
                : Flux.just(List.of(List.of("id", "Done", 0L, "worker", 1L))));
        assertThatThrownBy(() -> storage(database).ackDone(leased(), "sent").block(PATIENCE))
                .isInstanceOf(LeaseLostException.class)
                .hasMessageContaining("acknowledged already");
    }

    private static Task<Email> leased() {
        SqlContext context = new SqlContext("email", 25, Instant.EPOCH, null, null, "worker", 1, null, 0, Map.of());
        return new Task<>(TaskId.next(), Email.number(1), TaskStatus.RUNNING, 0, context);
    }

    @Test
    void aLostFetchAnswerMakesTheWorkerLookForItsLeasesAtOnce() {
        AtomicInteger fetches = new AtomicInteger();
        ScriptedDatabase database = new ScriptedDatabase(execution -> {
            if (execution.has("ladder (step)")) {
                return fetches.getAndIncrement() == 0
                        ? Flux.error(lostAnswer())
                        : Flux.just(List.of(task(TaskId.next().value())));
            }
            if (execution.has("SELECT id, attempts") && fetches.get() > 0) {
                List<List<List<@Nullable Object>>> answers = new ArrayList<>(IntStream.range(0, execution.statements())
                        .mapToObj(i -> List.<List<@Nullable Object>>of())
                        .toList());
                int place = List.of(execution.sql().split(";\n", -1)).stream()
                        .map(statement -> statement.contains("SELECT id, attempts"))
                        .toList()
                        .indexOf(true);
                answers.set(place, List.of(List.of("01JDPXB6WZ0000000000000000", 0L, 7L)));
                return Flux.fromIterable(answers);
            }
            if (execution.has("SET status = 'Pending', lock_by = NULL")) {
                return Flux.just(List.of(List.of("01JDPXB6WZ0000000000000000")));
            }
            return execution.nothing();
        });

        StepVerifier.create(storage(database, Duration.ofHours(1).dividedBy(20))
                        .poll(Worker.named("w"))
                        .take(1))
                .expectNextCount(1)
                .expectComplete()
                .verify(PATIENCE);

        assertThat(events.await(StorageEvent.Released.class).task().value()).isEqualTo("01JDPXB6WZ0000000000000000");
    }

    @Test
    void aPollThatLocksAsksForHalfAsMuchAfterAnAnswerThatDidNotCome() {
        ScriptedDatabase database = new ScriptedDatabase(execution -> execution.has("ladder (step)")
                        && events.of(StorageEvent.Fault.class).size() < 2
                ? Flux.error(lostAnswer())
                : execution.nothing());
        BaseSubscriber<Task<Email>> subscriber = pollThatLocks(storageWithRoom(database));
        subscriber.request(4);
        try {
            events.await(StorageEvent.Fetched.class);
        } finally {
            subscriber.cancel();
        }

        assertThat(database.executions().stream()
                        .filter(execution -> execution.has("ladder (step)"))
                        .map(fetch -> fetch.arguments().get(fetch.arguments().size() - 1))
                        .limit(3))
                .as("4 and 12 ahead, then half of it, and again")
                .containsExactly(16L, 8L, 4L);
    }

    @Test
    void aDriverThatRunsOnlyOneStatementOfATextIsRefusedClearly() {
        Sinks.Empty<Void> firstTurn = Sinks.empty();
        AtomicInteger turns = new AtomicInteger();
        ScriptedDatabase database = new ScriptedDatabase(execution ->
                turns.getAndIncrement() == 0 ? firstTurn.asMono().thenMany(added(execution)) : Flux.just(List.of()));
        LibsqlStorage<Email> storage = storage(database);

        StepVerifier.create(Mono.when(
                        storage.push(Email.number(1)), storage.push(Email.number(2)), storage.reenqueueOrphaned()))
                .then(() -> firstTurn.tryEmitEmpty().orThrow())
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("runs several statements"))
                .verify(PATIENCE);
    }
}
