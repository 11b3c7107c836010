package dev.pollux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.testing.Events;
import dev.pollux.testing.ScriptedDatabase;
import dev.pollux.testing.ScriptedDatabase.Execution;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** How the lane shares turns, and what it makes of faults that a real database can't be made to show on demand. */
class WriteLaneTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

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

    @Test
    void pushesThatArriveDuringATurnGoOutAsOneStatement() {
        Sinks.Empty<Void> firstTurn = Sinks.empty();
        AtomicInteger turns = new AtomicInteger();
        ScriptedDatabase database = new ScriptedDatabase(execution ->
                turns.getAndIncrement() == 0 ? firstTurn.asMono().thenMany(execution.added()) : execution.added());
        LibsqlStorage<Email> storage = storage(database);

        StepVerifier.create(Flux.range(0, 101).flatMap(i -> storage.push(Email.number(i)), 101))
                .then(() -> firstTurn.tryEmitEmpty().orThrow())
                .expectComplete()
                .verify(PATIENCE);

        assertThat(database.executions()).hasSize(2);
        assertThat(database.executions().get(0).ids()).hasSize(1);
        assertThat(database.executions().get(1).ids()).hasSize(100).doesNotHaveDuplicates();
    }

    @Test
    void stepsOfDifferentKindsShareOneTextWithParametersNumberedAcrossIt() {
        Sinks.Empty<Void> firstTurn = Sinks.empty();
        AtomicInteger turns = new AtomicInteger();
        ScriptedDatabase database = new ScriptedDatabase(execution -> turns.getAndIncrement() == 0
                ? firstTurn.asMono().thenMany(execution.added())
                : Flux.just(
                        execution.ids().stream()
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
    void callersDoNotFallIntoHalvesThatTakeTurns() {
        ScriptedDatabase database = new ScriptedDatabase(
                execution -> Mono.delay(Duration.ofMillis(200)).thenMany(execution.added()));
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
                storage(new ScriptedDatabase(execution -> firstTurn.asMono().thenMany(execution.added())));
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
                new ScriptedDatabase(execution -> firstTurn.asMono().thenMany(execution.added()));
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
                return tries.getAndIncrement() == 0 ? Flux.error(ScriptedDatabase.lostAnswer()) : execution.nothing();
            }
            return Flux.just(List.of(
                    ScriptedRows.task(String.valueOf(execution.arguments().get(0)))));
        });

        storage(database).push(Email.number(1)).block(PATIENCE);

        assertThat(database.executions().get(0).ids())
                .isEqualTo(database.executions().get(1).ids())
                .hasSize(1);
        assertThat(events.of(StorageEvent.Fault.class)).hasSize(1);
    }

    @Test
    void aBusyDatabaseIsTriedAgainAndReported() {
        AtomicInteger tries = new AtomicInteger();
        ScriptedDatabase database = new ScriptedDatabase(execution -> tries.getAndIncrement() < 3
                ? Flux.error(new R2dbcTransientResourceException("SQLITE_BUSY", "55P03"))
                : execution.added());

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
        ScriptedDatabase database = new ScriptedDatabase(execution -> Flux.error(ScriptedDatabase.lostAnswer()));
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
                : execution.added());
        LibsqlStorage<Email> storage = storage(database);

        Mono.when(
                        storage.push(Email.number(1)),
                        events.next(StorageEvent.Fault.class, fault -> true).then(storage.push(Email.number(2))))
                .block(PATIENCE);

        assertThat(database.executions()).hasSize(2);
        assertThat(database.executions().get(1).ids()).hasSize(2);
    }

    @Test
    void aRowThatIsRefusedFailsOnlyItsOwnCaller() {
        TaskId bad = TaskId.next();
        Sinks.Empty<Void> firstTurn = Sinks.empty();
        AtomicInteger turns = new AtomicInteger();
        ScriptedDatabase database = new ScriptedDatabase(execution -> {
            if (turns.getAndIncrement() == 0) {
                return firstTurn.asMono().thenMany(execution.added());
            }
            return execution.ids().contains(bad.value())
                    ? Flux.error(new R2dbcDataIntegrityViolationException("SQLITE_TOOBIG", "54000"))
                    : execution.added();
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
                return firstTurn.asMono().thenMany(execution.added());
            }
            return execution.has("UPDATE Jobs AS task INDEXED BY")
                    ? Flux.error(new R2dbcBadGrammarException("no such index: PolluxLeased", "42000"))
                    : execution.added();
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
                ? firstTurn.asMono().thenMany(execution.added())
                : Flux.concat(execution.added(), Flux.just(List.of(List.of("id", "Sleeping", 1L)))));
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
    void anAckWhoseAnswerIsLostCountsIfTheRowShowsIt() {
        AtomicInteger acks = new AtomicInteger();
        ScriptedDatabase database = new ScriptedDatabase(execution -> {
            if (execution.has("SET status = 'Done'")) {
                return acks.getAndIncrement() == 0 ? Flux.error(ScriptedDatabase.lostAnswer()) : execution.nothing();
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
    void aDriverThatRunsOnlyOneStatementOfATextIsRefusedClearly() {
        Sinks.Empty<Void> firstTurn = Sinks.empty();
        AtomicInteger turns = new AtomicInteger();
        ScriptedDatabase database = new ScriptedDatabase(execution ->
                turns.getAndIncrement() == 0 ? firstTurn.asMono().thenMany(execution.added()) : Flux.just(List.of()));
        LibsqlStorage<Email> storage = storage(database);

        StepVerifier.create(Mono.when(
                        storage.push(Email.number(1)), storage.push(Email.number(2)), storage.reenqueueOrphaned()))
                .then(() -> firstTurn.tryEmitEmpty().orThrow())
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("runs several statements"))
                .verify(PATIENCE);
    }
}
