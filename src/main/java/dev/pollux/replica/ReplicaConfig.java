package dev.pollux.replica;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The settings of a replica.
 *
 * @param syncInterval how long after one sync the next begins, if no change of the file asks for it earlier; default 5 s
 * @param background whether it syncs by itself; otherwise only {@link Replica#sync()} does. Default: true
 * @param reenqueueOrphanedAfter how long the replica may be silent before the remote gives its tasks to others: the same as that of
 *     all queues that share the remote database, also in other programs, for it is theirs that counts there; counted in whole
 *     seconds, a part of one as a whole; default 300 s
 * @param margin how long before that moment the replica stops starting tasks that the remote knows, so long as a run may last
 *     there; 3 s less than {@code reenqueueOrphanedAfter} at most; default 30 s
 * @param mostHeld up to how many tasks of a queue the replica holds by taking them from the pool; default 1,000
 */
public record ReplicaConfig(
        Duration syncInterval, boolean background, Duration reenqueueOrphanedAfter, Duration margin, int mostHeld) {

    private static final Duration LEAST = Duration.ofMillis(10);

    /** How long after a lock, or after it was confirmed, a handler may begin, as {@code LibsqlStorage.ack} says. */
    private static final Duration LOCK_TO_START = Duration.ofSeconds(1);

    private static final Duration LEAST_BESIDE_MARGIN = LOCK_TO_START.plusSeconds(2);

    /** Refuses bad settings, all at once, with an {@link IllegalArgumentException} that names each. */
    public ReplicaConfig {
        List<String> problems = new ArrayList<>();
        if (syncInterval.compareTo(LEAST) < 0) {
            problems.add("syncInterval must be " + LEAST + " or more, not " + syncInterval);
        }
        if (margin.isNegative() || margin.plus(syncInterval).compareTo(reenqueueOrphanedAfter) >= 0) {
            problems.add("margin (" + margin + ") and syncInterval (" + syncInterval + ") together must be shorter than"
                    + " reenqueueOrphanedAfter (" + reenqueueOrphanedAfter
                    + "), or tasks would be out of reach between two syncs");
        }
        if (reenqueueOrphanedAfter.minus(margin).compareTo(LEAST_BESIDE_MARGIN) < 0) {
            problems.add("reenqueueOrphanedAfter (" + reenqueueOrphanedAfter + ") must be longer than margin (" + margin
                    + ") by " + LEAST_BESIDE_MARGIN
                    + " or more, for a file counts by the second what it may still start");
        }
        if (mostHeld < 1) {
            problems.add("mostHeld must be 1 or more, not " + mostHeld);
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException("replica: " + String.join("; ", problems));
        }
    }

    /** The defaults. */
    public static ReplicaConfig defaults() {
        return builder().build();
    }

    /** Starts from the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** {@link #reenqueueOrphanedAfter()} in the database's unit. */
    long orphanedAfterSeconds() {
        return reenqueueOrphanedAfter.plusNanos(999_999_999).toSeconds();
    }

    /** For how long after a sync began its tasks may be locked. */
    Duration holdTime() {
        return reenqueueOrphanedAfter.minus(margin).minus(LOCK_TO_START);
    }

    /** Collects settings; {@link #build()} checks them. */
    public static final class Builder {
        private Duration syncInterval = Duration.ofSeconds(5);
        private boolean background = true;
        private Duration reenqueueOrphanedAfter = Duration.ofMinutes(5);
        private Duration margin = Duration.ofSeconds(30);
        private int mostHeld = 1_000;

        private Builder() {}

        /** Sets {@link ReplicaConfig#syncInterval()}. */
        public Builder syncInterval(Duration interval) {
            this.syncInterval = interval;
            return this;
        }

        /** Sets {@link ReplicaConfig#background()}. */
        public Builder background(boolean byItself) {
            this.background = byItself;
            return this;
        }

        /** Sets {@link ReplicaConfig#reenqueueOrphanedAfter()}. */
        public Builder reenqueueOrphanedAfter(Duration silence) {
            this.reenqueueOrphanedAfter = silence;
            return this;
        }

        /** Sets {@link ReplicaConfig#margin()}. */
        public Builder margin(Duration time) {
            this.margin = time;
            return this;
        }

        /** Sets {@link ReplicaConfig#mostHeld()}. */
        public Builder mostHeld(int tasks) {
            this.mostHeld = tasks;
            return this;
        }

        /** The settings; every bad one is named in one {@link IllegalArgumentException}. */
        public ReplicaConfig build() {
            return new ReplicaConfig(syncInterval, background, reenqueueOrphanedAfter, margin, mostHeld);
        }
    }
}
