package dev.pollux;

import org.jspecify.annotations.Nullable;

/**
 * How a run of a task ended and was stored.
 *
 * @param <R> the type of the handler's result
 * @param id the task
 * @param status {@link TaskStatus#DONE}, {@link TaskStatus#FAILED} (it will run again) or {@link TaskStatus#KILLED}
 * @param attempts how many of the task's runs have failed or were lost, this one included
 * @param value the handler's result when Done; null if it had none
 * @param error what the handler failed with when Failed or Killed
 */
public record Outcome<R>(
        TaskId id,
        TaskStatus status,
        int attempts,
        @Nullable R value,
        @Nullable Throwable error) {

    /** Everything but the result and the error, which may hold users' data. */
    @Override
    public String toString() {
        return "Outcome[id=" + id + ", status=" + status + ", attempts=" + attempts + "]";
    }
}
