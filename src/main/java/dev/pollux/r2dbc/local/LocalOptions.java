package dev.pollux.r2dbc.local;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a local database is opened. Made by {@link #file(Path)} or {@link #memory(String)} and their {@link Builder}.
 *
 * @param file the database file, or null for a memory database
 * @param memoryName the memory database's name, shared by all of this JVM; empty for one that nobody else can name;
 *     null for a file
 * @param readOnly whether sessions may only read
 * @param create whether a file that is missing is created
 * @param journalMode the journal mode that a file is switched to; unused for a memory database and when reading only
 * @param synchronous when SQLite waits for the disk
 * @param foreignKeys whether foreign keys are enforced
 * @param busyTimeout how long work waits for a lock that another connection holds; zero: not at all
 * @param cacheSize a session's page cache in SQLite's units: pages if positive, KiB if negative; unused in
 *     memory
 * @param mmapSize how many bytes of a file are mapped into memory; zero: none
 * @param statementCacheSize how many prepared statements a session keeps
 * @param statementTimeout how long a statement may run, or null for no limit
 * @see <a href="https://www.sqlite.org/pragma.html">SQLite's PRAGMAs</a>
 */
public record LocalOptions(
        @Nullable Path file,
        @Nullable String memoryName,
        boolean readOnly,
        boolean create,
        JournalMode journalMode,
        Synchronous synchronous,
        boolean foreignKeys,
        Duration busyTimeout,
        int cacheSize,
        long mmapSize,
        int statementCacheSize,
        @Nullable Duration statementTimeout) {

    /** How SQLite keeps a transaction undoable. Only with {@link #WAL} do readers and a writer not wait for each other. */
    public enum JournalMode {
        WAL,
        DELETE,
        TRUNCATE,
        PERSIST
    }

    /** When SQLite waits for the disk. With {@link #FULL} a commit survives a power loss. */
    public enum Synchronous {
        OFF,
        NORMAL,
        FULL,
        EXTRA
    }

    /** Checks all fields and reports every bad one. */
    public LocalOptions {
        List<String> faults = new ArrayList<>();
        if ((file == null) == (memoryName == null)) {
            faults.add("a database is either a file or a memory database");
        }
        Objects.requireNonNull(journalMode, "journalMode");
        Objects.requireNonNull(synchronous, "synchronous");
        Objects.requireNonNull(busyTimeout, "busyTimeout");
        if (busyTimeout.isNegative()) {
            faults.add("busyTimeout is negative: " + busyTimeout);
        }
        if (mmapSize < 0) {
            faults.add("mmapSize is negative: " + mmapSize);
        }
        if (statementCacheSize < 0) {
            faults.add("statementCacheSize is negative: " + statementCacheSize);
        }
        if (statementTimeout != null && (statementTimeout.isNegative() || statementTimeout.isZero())) {
            faults.add("statementTimeout is not positive: " + statementTimeout);
        }
        if (!faults.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", faults));
        }
    }

    /** Options for a database file. */
    public static Builder file(Path file) {
        return new Builder(file, null);
    }

    /** Options for a memory database that all of this JVM can open by its name; empty: a private one. */
    public static Builder memory(String name) {
        return new Builder(null, name);
    }

    boolean inMemory() {
        return file == null;
    }

    /** Collects options; each has a default that is safe. */
    public static final class Builder {
        private final @Nullable Path file;
        private final @Nullable String memoryName;
        private boolean readOnly;
        private boolean create = true;
        private JournalMode journalMode = JournalMode.WAL;
        private Synchronous synchronous = Synchronous.FULL;
        private boolean foreignKeys = true;
        private Duration busyTimeout = Duration.ofSeconds(5);
        private int cacheSize = -16_000;
        private long mmapSize;
        private int statementCacheSize = 64;
        private @Nullable Duration statementTimeout;

        private Builder(@Nullable Path file, @Nullable String memoryName) {
            this.file = file;
            this.memoryName = memoryName;
        }

        /** Whether sessions may only read; false by default. */
        public Builder readOnly(boolean value) {
            readOnly = value;
            return this;
        }

        /** Whether a missing file is created; true by default. */
        public Builder create(boolean value) {
            create = value;
            return this;
        }

        /** The journal mode; {@link JournalMode#WAL} by default. */
        public Builder journalMode(JournalMode value) {
            journalMode = value;
            return this;
        }

        /** When SQLite waits for the disk; {@link Synchronous#FULL} by default. */
        public Builder synchronous(Synchronous value) {
            synchronous = value;
            return this;
        }

        /** Whether foreign keys are enforced; true by default. */
        public Builder foreignKeys(boolean value) {
            foreignKeys = value;
            return this;
        }

        /** How long work waits for another connection's lock; 5 seconds by default. */
        public Builder busyTimeout(Duration value) {
            busyTimeout = value;
            return this;
        }

        /** The page cache: pages if positive, KiB if negative; -16000 by default. */
        public Builder cacheSize(int value) {
            cacheSize = value;
            return this;
        }

        /** How many bytes of a file are mapped into memory; 0 by default. */
        public Builder mmapSize(long value) {
            mmapSize = value;
            return this;
        }

        /** How many prepared statements a session keeps; 64 by default. */
        public Builder statementCacheSize(int value) {
            statementCacheSize = value;
            return this;
        }

        /** How long a statement may run; null, the default: no limit. */
        public Builder statementTimeout(@Nullable Duration value) {
            statementTimeout = value;
            return this;
        }

        /**
         * The options.
         *
         * @throws IllegalArgumentException naming every option that is out of range
         */
        public LocalOptions build() {
            return new LocalOptions(
                    file,
                    memoryName,
                    readOnly,
                    create,
                    journalMode,
                    synchronous,
                    foreignKeys,
                    busyTimeout,
                    cacheSize,
                    mmapSize,
                    statementCacheSize,
                    statementTimeout);
        }
    }
}
