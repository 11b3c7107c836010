package dev.pollux;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Says how long a failed task waits for its next try. The wait is stored with the task, so it survives a restart and
 * holds no worker slot. Called from many threads at once; it must not block.
 */
@FunctionalInterface
public interface RetryPolicy {

    /**
     * The wait before the next run, not negative, or null not to run the task again, whatever tries it has left.
     *
     * @param attempt which run failed, from 1
     * @param error what it failed with
     */
    @Nullable
    Duration backoff(int attempt, Throwable error);

    /** The same wait each time. */
    static RetryPolicy fixed(Duration wait) {
        requirePositiveOrZero(wait);
        return (attempt, error) -> wait;
    }

    /** Waits that double from {@code first} up to {@code max}, each shortened at random by up to a tenth. */
    static RetryPolicy exponential(Duration first, Duration max) {
        requirePositiveOrZero(first);
        requirePositiveOrZero(max);
        return (attempt, error) -> {
            // 2^30 times any wait is longer than any task's life; beyond that the shift would overflow.
            double factor = 1L << Math.min(attempt - 1, 30);
            double millis = Math.min(first.toMillis() * factor, (double) max.toMillis());
            return Duration.ofMillis(
                    (long) (millis * (1 - ThreadLocalRandom.current().nextDouble() / 10)));
        };
    }

    private static void requirePositiveOrZero(Duration wait) {
        if (wait.isNegative()) {
            throw new IllegalArgumentException("a wait cannot be negative: " + wait);
        }
    }
}
