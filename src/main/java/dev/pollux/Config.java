package dev.pollux;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The settings of one queue. The first five and their defaults are those of the Rust crate.
 *
 * @param queue the queue's name, {@code Jobs.job_type}: at most 1,000 characters, with neither a NUL nor half of a
 *     surrogate pair
 * @param bufferSize how many tasks a poll leases at once, with a lock right behind it at most, and how many may wait in it
 *     leased but not yet emitted; default {@value #DEFAULT_BUFFER_SIZE}
 * @param pollInterval how long a poll waits after it found nothing, unless something wakes it earlier; default 100 ms
 * @param keepAlive how often a worker says that it is alive, sweeps orphans and checks its own leases; default 30 s.
 *     Also how long a push or a lock that meets passing faults is retried before it fails; an outcome is retried as long as
 *     its worker holds the lease.
 * @param reenqueueOrphanedAfter how long a worker may be silent before its leases are taken away; longer than
 *     {@code keepAlive}, and counted in whole seconds, a part of one as a whole; default 300 s
 * @param maxAttempts how many runs of a task may fail or be lost before it is killed, unless the task says otherwise;
 *     default {@value #DEFAULT_MAX_ATTEMPTS}
 * @param retryPolicy how long a failed task waits; default exponential from 1 s to 1 h
 * @param drainTime how long after a poll was cancelled the tasks it had emitted may still be acknowledged, before
 *     their leases are given back; default 30 s
 * @param listener is told what happens; by default it logs
 */
public record Config(
        String queue,
        int bufferSize,
        Duration pollInterval,
        Duration keepAlive,
        Duration reenqueueOrphanedAfter,
        int maxAttempts,
        RetryPolicy retryPolicy,
        Duration drainTime,
        StorageListener listener) {

    static final int DEFAULT_BUFFER_SIZE = 10;
    static final int DEFAULT_MAX_ATTEMPTS = 25;
    private static final int MAX_NAME = 1_000;
    private static final int MAX_BUFFER_SIZE = 100_000;
    private static final Duration MIN_INTERVAL = Duration.ofMillis(1);
    private static final Duration MAX_TIME = Duration.ofDays(365);

    /** Refuses bad settings, all at once, with an {@link IllegalArgumentException} that names each. */
    public Config {
        List<String> problems = new ArrayList<>();
        requireSet("queue", queue, problems);
        requireSet("pollInterval", pollInterval, problems);
        requireSet("keepAlive", keepAlive, problems);
        requireSet("reenqueueOrphanedAfter", reenqueueOrphanedAfter, problems);
        requireSet("retryPolicy", retryPolicy, problems);
        requireSet("drainTime", drainTime, problems);
        requireSet("listener", listener, problems);
        refuse(queue, problems);
        Names.check("queue", queue, MAX_NAME, problems);
        if (bufferSize < 1 || bufferSize > MAX_BUFFER_SIZE) {
            problems.add("bufferSize must be 1 to " + MAX_BUFFER_SIZE + ", not " + bufferSize);
        }
        require("pollInterval", pollInterval, MIN_INTERVAL, problems);
        require("keepAlive", keepAlive, MIN_INTERVAL, problems);
        require("reenqueueOrphanedAfter", reenqueueOrphanedAfter, Duration.ofSeconds(1), problems);
        require("drainTime", drainTime, Duration.ZERO, problems);
        if (reenqueueOrphanedAfter.compareTo(keepAlive) <= 0) {
            problems.add("reenqueueOrphanedAfter (" + reenqueueOrphanedAfter + ") must be longer than keepAlive ("
                    + keepAlive + "), or a worker would lose its leases between two beats");
        }
        if (maxAttempts < 1) {
            problems.add("maxAttempts must be 1 or more, not " + maxAttempts);
        }
        refuse(queue, problems);
    }

    private static void requireSet(String name, @Nullable Object value, List<String> problems) {
        if (value == null) {
            problems.add(name + " must not be null");
        }
    }

    private static void refuse(@Nullable String queue, List<String> problems) {
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(
                    "queue " + (queue == null ? "null" : Texts.shown(queue)) + ": " + String.join("; ", problems));
        }
    }

    private static void require(String name, Duration value, Duration least, List<String> problems) {
        if (value.compareTo(least) < 0 || value.compareTo(MAX_TIME) > 0) {
            problems.add(name + " must be " + least + " to " + MAX_TIME + ", not " + value);
        }
    }

    /** The defaults, for the queue of that name. */
    public static Config of(String queue) {
        return builder(queue).build();
    }

    /** Starts from the defaults, for the queue of that name. */
    public static Builder builder(String queue) {
        return new Builder(queue);
    }

    /** {@link #reenqueueOrphanedAfter()} in the database's unit. */
    long orphanedAfterSeconds() {
        return reenqueueOrphanedAfter.plusNanos(999_999_999).toSeconds();
    }

    /** Collects settings; {@link #build()} checks them. */
    public static final class Builder {
        private final String queue;
        private int bufferSize = DEFAULT_BUFFER_SIZE;
        private Duration pollInterval = Duration.ofMillis(100);
        private Duration keepAlive = Duration.ofSeconds(30);
        private Duration reenqueueOrphanedAfter = Duration.ofMinutes(5);
        private int maxAttempts = DEFAULT_MAX_ATTEMPTS;
        private RetryPolicy retryPolicy = RetryPolicy.exponential(Duration.ofSeconds(1), Duration.ofHours(1));
        private Duration drainTime = Duration.ofSeconds(30);
        private StorageListener listener = StorageListener.logging();

        private Builder(String queue) {
            this.queue = queue;
        }

        /** Sets {@link Config#bufferSize()}. */
        public Builder bufferSize(int tasks) {
            this.bufferSize = tasks;
            return this;
        }

        /** Sets {@link Config#pollInterval()}. */
        public Builder pollInterval(Duration interval) {
            this.pollInterval = interval;
            return this;
        }

        /** Sets {@link Config#keepAlive()}. */
        public Builder keepAlive(Duration interval) {
            this.keepAlive = interval;
            return this;
        }

        /** Sets {@link Config#reenqueueOrphanedAfter()}. */
        public Builder reenqueueOrphanedAfter(Duration silence) {
            this.reenqueueOrphanedAfter = silence;
            return this;
        }

        /** Sets {@link Config#maxAttempts()}. */
        public Builder maxAttempts(int tries) {
            this.maxAttempts = tries;
            return this;
        }

        /** Sets {@link Config#retryPolicy()}. */
        public Builder retryPolicy(RetryPolicy policy) {
            this.retryPolicy = policy;
            return this;
        }

        /** Sets {@link Config#drainTime()}. */
        public Builder drainTime(Duration time) {
            this.drainTime = time;
            return this;
        }

        /** Sets {@link Config#listener()}. */
        public Builder listener(StorageListener newListener) {
            this.listener = newListener;
            return this;
        }

        /** The settings; every bad one is named in one {@link IllegalArgumentException}. */
        public Config build() {
            return new Config(
                    queue,
                    bufferSize,
                    pollInterval,
                    keepAlive,
                    reenqueueOrphanedAfter,
                    maxAttempts,
                    retryPolicy,
                    drainTime,
                    listener);
        }
    }
}
