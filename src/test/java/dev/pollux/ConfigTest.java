package dev.pollux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What users set, and what they are told when they set it wrong. */
class ConfigTest {

    @Test
    void theDefaultsAreThoseOfTheRustCrate() {
        Config config = Config.of("email");
        assertThat(config.queue()).isEqualTo("email");
        assertThat(config.bufferSize()).isEqualTo(10);
        assertThat(config.pollInterval()).isEqualTo(Duration.ofMillis(100));
        assertThat(config.keepAlive()).isEqualTo(Duration.ofSeconds(30));
        assertThat(config.reenqueueOrphanedAfter()).isEqualTo(Duration.ofMinutes(5));
        assertThat(config.maxAttempts()).isEqualTo(25);
    }

    @Test
    void aBufferSizeOfZeroIsRefused() {
        assertThatThrownBy(() -> Config.builder("email").bufferSize(0).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("queue 'email'")
                .hasMessageContaining("bufferSize must be 1 to 100000, not 0");
    }

    @Test
    void aNegativeIntervalIsRefused() {
        assertThatThrownBy(() -> Config.builder("email")
                        .pollInterval(Duration.ofMillis(-1))
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("pollInterval must be PT0.001S to PT8760H, not PT-0.001S");
    }

    @Test
    void anOrphanTimeNotLongerThanKeepAliveIsRefused() {
        assertThatThrownBy(() -> Config.builder("email")
                        .keepAlive(Duration.ofSeconds(30))
                        .reenqueueOrphanedAfter(Duration.ofSeconds(30))
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("reenqueueOrphanedAfter (PT30S) must be longer than keepAlive (PT30S)");
    }

    @Test
    void allBadSettingsAreNamedAtOnce() {
        assertThatThrownBy(() -> Config.builder(" ")
                        .bufferSize(-1)
                        .pollInterval(Duration.ZERO)
                        .keepAlive(Duration.ofSeconds(-1))
                        .reenqueueOrphanedAfter(Duration.ofSeconds(-2))
                        .maxAttempts(0)
                        .drainTime(Duration.ofSeconds(-1))
                        .build())
                .hasMessageContainingAll(
                        "queue",
                        "bufferSize",
                        "pollInterval",
                        "keepAlive",
                        "reenqueueOrphanedAfter",
                        "maxAttempts",
                        "drainTime");
    }

    /** From languages, and builds, that know no {@code @NullMarked}. */
    @Test
    @SuppressWarnings("NullAway")
    void whatIsNullIsNamed() {
        assertThatThrownBy(() -> Config.builder("email")
                        .pollInterval(null)
                        .keepAlive(null)
                        .reenqueueOrphanedAfter(null)
                        .retryPolicy(null)
                        .drainTime(null)
                        .listener(null)
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("queue 'email': pollInterval must not be null; keepAlive must not be null;"
                        + " reenqueueOrphanedAfter must not be null; retryPolicy must not be null;"
                        + " drainTime must not be null; listener must not be null");
        assertThatThrownBy(() -> Config.of(null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("queue null: queue must not be null");
    }

    @Test
    void aPartOfASecondIsAWholeOneBeforeAWorkerIsTakenForDead() {
        Config config = Config.builder("email")
                .keepAlive(Duration.ofMillis(1_500))
                .reenqueueOrphanedAfter(Duration.ofMillis(1_900))
                .build();
        assertThat(config.orphanedAfterSeconds()).isEqualTo(2);
        assertThat(Config.of("email").orphanedAfterSeconds()).isEqualTo(300);
    }

    @Test
    void badTasksAndWorkersAreRefused() {
        NewTask<String> task = NewTask.of("x");
        assertThatThrownBy(() -> task.delay(Duration.ofSeconds(-1))).hasMessageContaining("delay");
        assertThatThrownBy(() -> task.maxAttempts(0)).hasMessageContaining("max attempts");
        assertThatThrownBy(() -> task.id(new TaskId("not-a-ulid"))).hasMessageContaining("ULID");
        assertThatThrownBy(() -> TaskId.of("not-a-ulid")).hasMessageContaining("ULID");
        assertThatThrownBy(() -> Worker.named(" ")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> RetryPolicy.fixed(Duration.ofSeconds(-1))).hasMessageContaining("negative");
    }

    @Test
    void idsGrow() {
        TaskId before = TaskId.next();
        for (int i = 0; i < 10_000; i++) {
            TaskId next = TaskId.next();
            assertThat(next.value()).isGreaterThan(before.value());
            before = next;
        }
    }

    @Test
    void eachLifeOfAWorkerHasAnIdOfItsOwn() {
        Worker worker = Worker.named("email-worker");
        assertThat(worker.incarnate()).startsWith("email-worker-").isNotEqualTo(worker.incarnate());
    }

    @Test
    void theExponentialPolicyDoublesUpToItsMaximum() {
        RetryPolicy policy = RetryPolicy.exponential(Duration.ofSeconds(1), Duration.ofMinutes(1));
        IllegalStateException error = new IllegalStateException();
        assertThat(policy.backoff(1, error)).isBetween(Duration.ofMillis(900), Duration.ofSeconds(1));
        assertThat(policy.backoff(3, error)).isBetween(Duration.ofMillis(3_600), Duration.ofSeconds(4));
        assertThat(policy.backoff(1_000, error)).isBetween(Duration.ofSeconds(54), Duration.ofMinutes(1));
    }

    @Test
    void statusesKnowTheirMoves() {
        for (TaskStatus status : TaskStatus.values()) {
            assertThat(TaskStatus.ofColumn(status.column())).isSameAs(status);
            assertThat(status.next()).doesNotContain(status);
        }
        assertThat(TaskStatus.DONE.isFinal()).isTrue();
        assertThat(TaskStatus.KILLED.isFinal()).isTrue();
        assertThat(TaskStatus.FAILED.next()).containsExactlyInAnyOrder(TaskStatus.QUEUED, TaskStatus.RUNNING);
        assertThatThrownBy(() -> TaskStatus.ofColumn("Sleeping")).hasMessageContaining("Sleeping");
    }

    @Test
    void payloadsResultsAndMetadataDoNotShowInText() {
        NewTask<String> fresh = NewTask.of("secret").metadata(Map.of("key", "secret"));
        SqlContext context = new SqlContext(
                "q", 1, Instant.EPOCH, "{\"Ok\":\"secret\"}", null, null, 0, null, 0, Map.of("key", "secret"));
        Task<String> task = new Task<>(TaskId.next(), "secret", TaskStatus.DONE, 0, context);
        Outcome<String> outcome =
                new Outcome<>(TaskId.next(), TaskStatus.FAILED, 1, "secret", new IllegalStateException("secret"));
        assertThat(fresh + " " + task + " " + outcome).doesNotContain("secret");
    }
}
