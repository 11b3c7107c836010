package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.Config;
import dev.pollux.LibsqlException;
import dev.pollux.LibsqlStorage;
import dev.pollux.NewTask;
import dev.pollux.TaskId;
import dev.pollux.Worker;
import dev.pollux.testing.Race;
import dev.pollux.testing.TestDatabase;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.ConnectionFactory;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What a queue's database is reached through is closed while tasks are pushed. Each push ends: with success, and its
 * task is there; or with an error that says why, and its task is not there, unless the error says that it may be.
 */
abstract class CloseRaceContract {

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int PUSHES = 30;
    private static final int BATCH = 20;

    private TestDatabase database = TestDatabase.at("r2dbc:libsql:mem:///unused");
    private LibsqlStorage<Integer> onlooker = storage(database.factory());
    private int pushed;
    private int lost;

    abstract Target target();

    @BeforeEach
    void setUp() {
        database = target().emptyDatabase();
        onlooker = storage(database.factory());
        onlooker.setup().block(PATIENCE);
    }

    private static LibsqlStorage<Integer> storage(ConnectionFactory factory) {
        Config config = Config.builder("queue")
                .keepAlive(PATIENCE)
                .drainTime(Duration.ZERO)
                .pollInterval(Duration.ofMillis(20))
                .reenqueueOrphanedAfter(PATIENCE.multipliedBy(2))
                .listener(event -> {})
                .build();
        return LibsqlStorage.create(factory, Integer.class, config);
    }

    /** The lane opens another connection, and no push fails, though each may be tried again for a minute. */
    @Test
    void connectionsThatAreClosedUnderAPush() {
        int rounds = target().rounds(10, 2_000);
        Race.repeat(rounds, race -> {
            OpenConnections connections = new OpenConnections(database.anotherFactory());
            Pushes pushes = new Pushes(storage(connections), race.random());
            race.run(
                    target().turn().multipliedBy(4),
                    pushes::one,
                    pushes::one,
                    () -> connections.closeAll().block(PATIENCE));
            assertThat(pushes.check()).as("pushes that failed").isEmpty();
        });
        report("close of a connection against push", rounds);
    }

    /** That cannot pass: so nobody tries again. */
    @Test
    void aFactoryThatIsClosedUnderAPush() {
        int rounds = target().rounds(10, 1_000);
        Race.repeat(rounds, race -> {
            OpenConnections connections = new OpenConnections(database.anotherFactory());
            LibsqlStorage<Integer> storage = storage(connections);
            CompletableFuture<Throwable> ended = new CompletableFuture<>();
            storage.poll(Worker.named("worker")).subscribe(task -> {}, ended::complete);
            Pushes pushes = new Pushes(storage, race.random());
            race.run(
                    target().turn().multipliedBy(4),
                    pushes::one,
                    pushes::one,
                    () -> connections.close().block(PATIENCE));
            assertThat(pushes.check()).allMatch(CloseRaceContract::saysThatItIsClosed);
            assertThat(ended)
                    .succeedsWithin(PATIENCE)
                    .matches(error -> saysThatItIsClosed(String.valueOf(error.getMessage())));
        });
        report("close of a connection factory against push", rounds);
    }

    @Test
    void aPoolThatIsClosedUnderAPush() {
        int rounds = target().rounds(10, 1_000);
        Race.repeat(rounds, race -> {
            ConnectionPool pool = new ConnectionPool(ConnectionPoolConfiguration.builder(database.anotherFactory())
                    .maxSize(2)
                    .build());
            Pushes pushes = new Pushes(storage(pool), race.random());
            race.run(
                    target().turn().multipliedBy(4),
                    pushes::one,
                    pushes::one,
                    () -> pool.disposeLater().block(PATIENCE));
            assertThat(pushes.check()).allMatch(CloseRaceContract::saysThatItIsClosed);
        });
        report("close of a connection pool against push", rounds);
    }

    private static boolean saysThatItIsClosed(String message) {
        return message.contains("closed") || message.contains("disposed") || message.contains("shut down");
    }

    private void report(String name, int rounds) {
        Report.add("8 " + name + ", " + target().name(), rounds, new Verdict(pushed, lost, 0, List.of()));
    }

    /** Pushes of one by one and of batches, by several threads. */
    private final class Pushes {
        private final LibsqlStorage<Integer> storage;
        private final Random random;
        private final Map<List<TaskId>, CompletableFuture<Optional<Throwable>>> ends = new ConcurrentHashMap<>();

        Pushes(LibsqlStorage<Integer> storage, Random random) {
            this.storage = storage;
            this.random = new Random(random.nextLong());
        }

        void one() {
            for (int i = 0; i < PUSHES; i++) {
                List<NewTask<Integer>> tasks = Stream.generate(
                                () -> NewTask.of(1).id(TaskId.next()))
                        .limit(random.nextInt(10) == 0 ? BATCH : 1)
                        .toList();
                Mono<Void> push =
                        tasks.size() == 1 ? storage.push(tasks.get(0)) : storage.pushAllTasks(Flux.fromIterable(tasks));
                ends.put(
                        tasks.stream().map(NewTask::id).toList(),
                        push.then(Mono.just(Optional.<Throwable>empty()))
                                .onErrorResume(error -> Mono.just(Optional.of(error)))
                                .toFuture());
            }
        }

        /** Holds each push against the database; gives the messages of those that failed. */
        Set<String> check() {
            Set<String> messages = new HashSet<>();
            ends.forEach((ids, end) -> {
                assertThat(end).succeedsWithin(PATIENCE);
                long there = Flux.fromIterable(ids)
                        .flatMap(onlooker::fetchById, BATCH)
                        .count()
                        .blockOptional(PATIENCE)
                        .orElseThrow();
                pushed += ids.size();
                Optional<Throwable> error = end.join();
                if (error.isEmpty()) {
                    lost += ids.size() - (int) there;
                    return;
                }
                String message = String.valueOf(error.get().getMessage());
                messages.add(message);
                assertThat(error.get()).isInstanceOf(LibsqlException.class);
                assertThat(message).contains("queue 'queue'");
                if (message.contains("it may have taken effect or not")) {
                    assertThat(there).isIn(0L, (long) ids.size());
                } else {
                    assertThat(there).as("there, though %s", message).isZero();
                }
            });
            return messages;
        }
    }
}
