package dev.pollux;

import java.util.Set;

/**
 * Where a task is in its life.
 *
 * <pre>
 *           push                 fetch              lock               ack ok
 * (nothing) ----&gt; Pending ------------&gt; Queued -----------&gt; Running ----------&gt; Done
 *                  ^  ^                   |                   |  ack error, tries left
 *                  |  +--- release -------+                   +-------------&gt; Failed --(run_at due)--&gt; fetch
 *                  +------ orphan sweep (a try is counted) ---+  ack error, no tries left, or abort
 *                                                             +-------------&gt; Killed
 * </pre>
 *
 * <p>A fetch for a lock right behind the poll takes both steps at once.
 */
public enum TaskStatus {
    /** Waits for its {@code run_at} and for a worker. */
    PENDING("Pending"),
    /** Leased to a worker that has not started it. */
    QUEUED("Queued"),
    /** Leased to a worker that is running it. */
    RUNNING("Running"),
    /** Ran and succeeded: final. */
    DONE("Done"),
    /** Ran and failed, and waits for its next try. */
    FAILED("Failed"),
    /** Failed for good: final. */
    KILLED("Killed");

    private final String column;

    TaskStatus(String column) {
        this.column = column;
    }

    /** The status as the {@code Jobs.status} column spells it, for example {@code Pending}. */
    public String column() {
        return column;
    }

    /** The status that the {@code Jobs.status} column spells so; an unknown word is an {@link IllegalArgumentException}. */
    public static TaskStatus ofColumn(String column) {
        for (TaskStatus status : values()) {
            if (status.column.equals(column)) {
                return status;
            }
        }
        throw new IllegalArgumentException("unknown task status in the database: " + column);
    }

    /** Whether the task will never change again. */
    public boolean isFinal() {
        return next().isEmpty();
    }

    /** Whether a worker holds the task. */
    public boolean isLeased() {
        return this == QUEUED || this == RUNNING;
    }

    /** The statuses that may follow this one. */
    public Set<TaskStatus> next() {
        return switch (this) {
            // Running at once where the lock is part of the fetch.
            case PENDING, FAILED -> Set.of(QUEUED, RUNNING);
            // Acknowledged without a lock, released, or swept.
            case QUEUED -> Set.of(RUNNING, PENDING, DONE, FAILED, KILLED);
            case RUNNING -> Set.of(DONE, FAILED, KILLED, PENDING);
            case DONE, KILLED -> Set.of();
        };
    }
}
