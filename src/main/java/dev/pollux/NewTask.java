package dev.pollux;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A task to push. Start with {@link #of} and add what differs:
 *
 * <pre>{@code
 * storage.push(NewTask.of(email).delay(Duration.ofMinutes(5)).priority(10));
 * }</pre>
 *
 * @param <T> the type of the payload
 * @param args the payload
 * @param id its id, or null for a fresh one at each subscription of the push
 * @param runAt when it is due (cut to whole seconds), or null for now plus {@code delay}
 * @param delay how long after the push it is due, by the database's clock; not negative
 * @param priority greater is sooner; 0 by default
 * @param maxAttempts how many runs may fail or be lost before it is killed, or null for {@link Config#maxAttempts()}
 * @param metadata a JSON object to keep with it; values are what Jackson writes
 */
public record NewTask<T>(
        T args,
        @Nullable TaskId id,
        @Nullable Instant runAt,
        Duration delay,
        int priority,
        @Nullable Integer maxAttempts,
        Map<String, Object> metadata) {

    static final Duration MAX_DELAY = Duration.ofDays(36_500);

    public NewTask {
        if (id != null && !id.isUlid()) {
            throw new IllegalArgumentException(
                    "task id " + Texts.shown(id.value()) + " is no ULID; use TaskId.next() or TaskId.of(...)");
        }
        if (delay.isNegative() || delay.compareTo(MAX_DELAY) > 0) {
            throw new IllegalArgumentException(
                    "a task's delay must be 0 to " + MAX_DELAY.toDays() + " days, not " + delay);
        }
        if (maxAttempts != null && maxAttempts < 1) {
            throw new IllegalArgumentException("a task's max attempts must be 1 or more, not " + maxAttempts);
        }
        metadata = Map.copyOf(metadata);
    }

    /** A task with this payload, due now, with the queue's defaults. */
    public static <T> NewTask<T> of(T args) {
        return new NewTask<>(args, null, null, Duration.ZERO, 0, null, Map.of());
    }

    /** The same task under an id of your own: pushing it again adds nothing. */
    public NewTask<T> id(TaskId newId) {
        return new NewTask<>(args, newId, runAt, delay, priority, maxAttempts, metadata);
    }

    /** The same task, due at that time (whole seconds of the database's clock). */
    public NewTask<T> runAt(Instant time) {
        return new NewTask<>(args, id, time, Duration.ZERO, priority, maxAttempts, metadata);
    }

    /** The same task, due that long after it is pushed. Due times are whole seconds, so it is rounded up to one. */
    public NewTask<T> delay(Duration time) {
        return new NewTask<>(args, id, null, time, priority, maxAttempts, metadata);
    }

    /** The same task with this priority: greater is sooner. */
    public NewTask<T> priority(int newPriority) {
        return new NewTask<>(args, id, runAt, delay, newPriority, maxAttempts, metadata);
    }

    /** The same task with this many tries. */
    public NewTask<T> maxAttempts(int tries) {
        return new NewTask<>(args, id, runAt, delay, priority, tries, metadata);
    }

    /** The same task with this metadata. */
    public NewTask<T> metadata(Map<String, Object> object) {
        return new NewTask<>(args, id, runAt, delay, priority, maxAttempts, object);
    }

    /** Everything but the payload and the metadata, which may be secret. */
    @Override
    public String toString() {
        return "NewTask[id=" + id + ", runAt=" + runAt + ", delay=" + delay + ", priority=" + priority
                + ", maxAttempts=" + maxAttempts + "]";
    }
}
