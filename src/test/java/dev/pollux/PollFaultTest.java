package dev.pollux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.Events;
import dev.pollux.testing.ScriptedDatabase;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** What a poll asks for and when, and what it makes of faults, where a real database can't be made to show that. */
class PollFaultTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Events events = new Events();

    private LibsqlStorage<Email> storage(ScriptedDatabase database, UnaryOperator<Config.Builder> settings) {
        return LibsqlStorage.create(
                database,
                Email.class,
                settings.apply(Config.builder("email").listener(events)).build());
    }

    /** Of which nothing is asked yet. */
    private static BaseSubscriber<Task<Email>> pollThatLocks(LibsqlStorage<Email> storage) {
        return storage.poll(Worker.named("w")).transform(storage.lock()).subscribeWith(new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {}
        });
    }

    @Test
    void aPushGoesOutWithTheFetchOfThePollThatWaitsForIt() {
        CompletableFuture<Void> waiting = new CompletableFuture<>();
        ScriptedDatabase database = new ScriptedDatabase(execution -> {
            if (execution.has("ladder (queue, step)")) {
                waiting.complete(null); // it has nothing to fetch, and asks when it will have
            }
            return execution.has("INSERT INTO Jobs")
                    ? Flux.concat(execution.added(), execution.nothing().skip(1))
                    : execution.nothing();
        });
        LibsqlStorage<Email> storage = storage(database, builder -> builder.pollInterval(Duration.ofHours(1)));
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
    void aFetchThatLocksTakesWhatIsAskedForByTheTimeItGoesOut() {
        Sinks.Empty<Void> pushed = Sinks.empty();
        ScriptedDatabase database = new ScriptedDatabase(execution ->
                execution.has("INSERT INTO Jobs") ? pushed.asMono().thenMany(execution.added()) : execution.nothing());
        LibsqlStorage<Email> storage = storage(database, builder -> builder.bufferSize(100));
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
    void aFetchThatGoesOutWhenItsPollIsCancelledTakesNothing() {
        Sinks.Empty<Void> pushed = Sinks.empty();
        ScriptedDatabase database = new ScriptedDatabase(execution ->
                execution.has("INSERT INTO Jobs") ? pushed.asMono().thenMany(execution.added()) : execution.nothing());
        LibsqlStorage<Email> storage = storage(database, builder -> builder);
        BaseSubscriber<Task<Email>> subscriber = pollThatLocks(storage);
        events.await(StorageEvent.WorkerStarted.class);
        Disposable push = storage.push(Email.number(1)).subscribe();
        try {
            subscriber.request(1);
            subscriber.cancel();
            pushed.tryEmitEmpty().orThrow();
            events.await(StorageEvent.WorkerStopped.class);
        } finally {
            push.dispose();
        }
        assertThat(database.executions())
                .filteredOn(execution -> execution.has("ladder (step)"))
                .singleElement()
                .satisfies(fetch -> assertThat(fetch.arguments()).contains("Running", 0L));
    }

    @Test
    void aPollThatLocksAsksForHalfAsMuchAfterAnAnswerThatDidNotCome() {
        ScriptedDatabase database = new ScriptedDatabase(execution -> execution.has("ladder (step)")
                        && events.of(StorageEvent.Fault.class).size() < 2
                ? Flux.error(ScriptedDatabase.lostAnswer())
                : execution.nothing());
        BaseSubscriber<Task<Email>> subscriber = pollThatLocks(storage(database, builder -> builder.bufferSize(100)));
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

        StepVerifier.create(storage(database, builder -> builder).poll(Worker.named("w")))
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

        Disposable poll = storage(database, builder -> builder.keepAlive(Duration.ofMillis(1)))
                .poll(Worker.named("early"))
                .subscribe();
        events.await(StorageEvent.Fault.class, fault -> fault.step().equals("start of a worker"));
        poll.dispose();

        assertThat(events.await(StorageEvent.WorkerStopped.class).worker()).startsWith("early-");
        assertThat(events.of(StorageEvent.WorkerStarted.class)).isEmpty();
    }

    @Test
    void aLostFetchAnswerMakesTheWorkerLookForItsLeasesAtOnce() {
        AtomicInteger fetches = new AtomicInteger();
        ScriptedDatabase database = new ScriptedDatabase(execution -> {
            if (execution.has("ladder (step)")) {
                return fetches.getAndIncrement() == 0
                        ? Flux.error(ScriptedDatabase.lostAnswer())
                        : Flux.just(List.of(ScriptedRows.task(TaskId.next().value())));
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

        StepVerifier.create(storage(database, builder -> builder.keepAlive(Duration.ofMinutes(3)))
                        .poll(Worker.named("w"))
                        .take(1))
                .expectNextCount(1)
                .expectComplete()
                .verify(PATIENCE);

        assertThat(events.await(StorageEvent.Released.class).task().value()).isEqualTo("01JDPXB6WZ0000000000000000");
    }

    @Test
    void whatASubscriberThrowsAtATaskEndsThePollAndIsNoFailureOfTheFetch() {
        Sinks.Empty<Void> fetched = Sinks.empty();
        List<List<@Nullable Object>> tasks =
                List.of(ScriptedRows.task(TaskId.next().value()));
        ScriptedDatabase database = new ScriptedDatabase(execution ->
                execution.has("ladder (step)") ? fetched.asMono().thenMany(Flux.just(tasks)) : execution.nothing());
        CompletableFuture<Throwable> dropped = new CompletableFuture<>();
        Hooks.onErrorDropped(dropped::complete);
        try {
            storage(database, builder -> builder).poll(Worker.named("w")).subscribe(new Thrower());
            assertThat(database.count("ladder (step)")).isEqualTo(1);
            fetched.tryEmitEmpty().orThrow();
            assertThat(dropped)
                    .succeedsWithin(PATIENCE)
                    .extracting(Throwable::getMessage)
                    .isEqualTo("no rules");
        } finally {
            Hooks.resetOnErrorDropped();
        }
        assertThat(database.count("ladder (step)")).isEqualTo(1);
        assertThat(events.of(StorageEvent.Fault.class)).isEmpty();
    }

    /** Breaks the rules of Reactive Streams, with what a database could have failed with. */
    private static final class Thrower implements CoreSubscriber<Task<Email>> {

        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.request(1);
        }

        @Override
        public void onNext(Task<Email> task) {
            throw new R2dbcTransientResourceException("no rules", "55P03");
        }

        @Override
        public void onError(Throwable error) {
            throw new AssertionError(error);
        }

        @Override
        public void onComplete() {
            throw new AssertionError("a poll does not complete");
        }
    }
}
