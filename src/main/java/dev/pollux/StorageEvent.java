package dev.pollux;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Something that happened in a queue. Events hold no payload, no result and no secret. */
public sealed interface StorageEvent {

    /** The queue it happened in. */
    String queue();

    /** Tasks were pushed and are on disk. */
    record Pushed(String queue, int tasks) implements StorageEvent {}

    /** A worker leased tasks; 0 when a fetch found none. */
    record Fetched(String queue, String worker, int tasks) implements StorageEvent {}

    /** A task is Running, and has come to the lock operator or to who locked it. */
    record Locked(String queue, TaskId task) implements StorageEvent {}

    /** A run's outcome was stored: Done, Failed or Killed. */
    record Acknowledged(String queue, TaskId task, TaskStatus status, int attempts) implements StorageEvent {}

    /** A lease was given back without a run. */
    record Released(String queue, TaskId task, String reason) implements StorageEvent {}

    /** A lock, an ack or a release met a lease that somebody else has by now; its work is lost or will run again. */
    record LeaseLost(String queue, TaskId task, String step, String reason) implements StorageEvent {}

    /** The orphan sweep took a silent worker's lease: the task is Pending again, or Killed if it has no tries left. */
    record Orphaned(String queue, TaskId task, TaskStatus status, int attempts) implements StorageEvent {}

    /** A payload could not be decoded; the task is killed and its bytes are kept. */
    record Poisoned(String queue, TaskId task, String reason) implements StorageEvent {}

    /** A handler succeeded with a value that cannot be written as JSON: the task is Done with null. */
    record ResultNotStored(String queue, TaskId task, String reason) implements StorageEvent {}

    /**
     * A step failed.
     *
     * @param step which, for example {@code fetch}
     * @param retry how many tries failed so far, from 1
     * @param retryIn when it is tried again, or null if it is given up
     */
    record Fault(
            String queue,
            String step,
            Throwable error,
            int retry,
            @Nullable Duration retryIn) implements StorageEvent {}

    /** A worker registered. */
    record WorkerStarted(String queue, String worker) implements StorageEvent {}

    /**
     * A worker ended its life; {@code released} leases that nobody acknowledged were given back. Told once for each
     * subscription of a poll, also if it was cancelled before its worker was registered.
     */
    record WorkerStopped(String queue, String worker, int released) implements StorageEvent {}
}
