package dev.pollux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.Events;
import dev.pollux.testing.ScriptedDatabase;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** When a poll asks the database, in virtual time, against a database that answers at once. */
class PollTimingTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Events events = new Events();
    private volatile long dueIn = 60_000;

    private final ScriptedDatabase database = new ScriptedDatabase(
            execution -> execution.has("AS wait") ? Flux.just(List.of(List.of("email", dueIn))) : execution.nothing());

    private Flux<Task<Email>> poll() {
        Config config = Config.builder("email")
                .pollInterval(Duration.ofSeconds(10))
                .keepAlive(Duration.ofHours(1))
                .reenqueueOrphanedAfter(Duration.ofHours(2))
                .listener(events)
                .build();
        return LibsqlStorage.create(database, Email.class, config).poll(Worker.named("w"));
    }

    private long looks() {
        return database.count("AS wait");
    }

    private long fetches() {
        return database.count("ladder (step)");
    }

    @Test
    void nothingIsAskedWithoutDemand() {
        StepVerifier.withVirtualTime(this::poll, 0)
                .thenAwait(Duration.ofMinutes(5))
                .then(() -> {
                    assertThat(fetches()).isZero();
                    assertThat(looks()).isZero();
                })
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void anEmptyFetchWaitsForThePollInterval() {
        StepVerifier.withVirtualTime(this::poll)
                .thenAwait(Duration.ofMillis(9_999))
                .then(() -> {
                    assertThat(fetches()).isEqualTo(1);
                    assertThat(looks()).as("for the next due time").isEqualTo(1);
                })
                .thenAwait(Duration.ofMillis(1))
                .then(() -> assertThat(looks()).isEqualTo(2))
                .thenAwait(Duration.ofSeconds(30))
                .then(() -> {
                    assertThat(looks()).isEqualTo(5);
                    assertThat(fetches()).as("nothing was due").isEqualTo(1);
                })
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aDueTaskIsFetchedAtTheNextLook() {
        StepVerifier.withVirtualTime(this::poll)
                .thenAwait(Duration.ofSeconds(5))
                .then(() -> dueIn = -3)
                .thenAwait(Duration.ofSeconds(5))
                .then(() -> assertThat(fetches()).isEqualTo(2))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void theNextDueTimeComesBeforeTheIntervalIsOver() {
        dueIn = 700;
        StepVerifier.withVirtualTime(this::poll)
                .thenAwait(Duration.ofMillis(699))
                .then(() -> {
                    assertThat(looks()).isEqualTo(1);
                    assertThat(fetches()).isEqualTo(1);
                    dueIn = 0;
                })
                .thenAwait(Duration.ofMillis(1))
                .then(() -> assertThat(fetches()).isEqualTo(2))
                .thenCancel()
                .verify(PATIENCE);
    }

    /** What is due and cannot be fetched, because another worker is faster, say, must not be asked for in a loop. */
    @Test
    void aTaskThatIsDueAndDoesNotComeIsAskedForOncePerInterval() {
        dueIn = -1_000;
        StepVerifier.withVirtualTime(this::poll)
                .thenAwait(Duration.ofSeconds(30))
                .then(() -> assertThat(fetches()).isEqualTo(4))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void pollsOfOneStorageShareTheirLooks() {
        StepVerifier.withVirtualTime(() -> {
                    Config config = Config.builder("email")
                            .pollInterval(Duration.ofSeconds(10))
                            .listener(events)
                            .build();
                    LibsqlStorage<Email> storage = LibsqlStorage.create(database, Email.class, config);
                    return Flux.range(0, 20).flatMap(i -> storage.poll(Worker.named("w" + i)));
                })
                .thenAwait(Duration.ofSeconds(20))
                .then(() -> {
                    assertThat(fetches()).as("in texts").isLessThanOrEqualTo(20);
                    // One for each when it becomes idle, to learn the next due time, and then one each interval for
                    // all.
                    assertThat(looks()).isLessThanOrEqualTo(22);
                })
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aWorkerBeatsEachKeepAlive() {
        StepVerifier.withVirtualTime(this::poll)
                .thenAwait(Duration.ofHours(3))
                .then(() -> assertThat(database.count("INSERT INTO Workers")).isEqualTo(4))
                .thenCancel()
                .verify(PATIENCE);
    }
}
