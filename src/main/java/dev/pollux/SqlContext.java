package dev.pollux;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the database says about a task, apart from its payload. All times are whole seconds of the database's clock.
 *
 * @param queue the queue it is in ({@code job_type})
 * @param maxAttempts how many runs may fail or be lost before it is killed
 * @param runAt when it is due, or was last due
 * @param lastError the last outcome as serde's JSON, {@code {"Ok":value}} or {@code {"Err":"message"}}; null before
 * @param lockAt when its lease was taken or last moved, or null
 * @param lockBy the worker that holds or last held it, or null
 * @param lease which of that worker's fetches leased it, from 1: with the worker and the attempts it names one lease; 0 if
 *     none, or another program's
 * @param doneAt when its last outcome was stored, or null
 * @param priority greater is sooner
 * @param metadata the JSON object that was pushed with it
 */
public record SqlContext(
        String queue,
        int maxAttempts,
        Instant runAt,
        @Nullable String lastError,
        @Nullable Instant lockAt,
        @Nullable String lockBy,
        long lease,
        @Nullable Instant doneAt,
        int priority,
        Map<String, Object> metadata) {

    /** Everything but what may hold users' data: the outcome and the metadata. */
    @Override
    public String toString() {
        return "SqlContext[queue=" + queue + ", maxAttempts=" + maxAttempts + ", runAt=" + runAt + ", lockAt=" + lockAt
                + ", lockBy=" + lockBy + ", lease=" + lease + ", doneAt=" + doneAt + ", priority=" + priority + "]";
    }
}
