package dev.pollux.r2dbc.local;

import java.lang.ref.Cleaner;
import java.sql.SQLException;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.sqlite.JDBC;

/**
 * Keeps memory databases alive: SQLite drops one with its last connection, so a connection that does nothing is held as
 * long as a transport of that name exists.
 *
 * <p>Races: opening against releasing is decided under the anchor's monitor. A hold that was released opens nothing.
 */
final class MemoryAnchors {

    private static final Cleaner CLEANER = Cleaner.create();
    private static final Map<String, Anchor> ANCHORS = new ConcurrentHashMap<>();

    private static final AtomicLong PRIVATE = new AtomicLong();

    private MemoryAnchors() {}

    /**
     * Holds a memory database, which comes to exist with the first {@link Hold#open()}. The hold ends when it is
     * released, or with its owner.
     *
     * @param name the database's name; empty: a new one that no other hold has
     */
    static Hold hold(String name, Object owner) {
        String unique = name.isEmpty() ? "pollux-private-" + PRIVATE.incrementAndGet() : name;
        Anchor anchor = ANCHORS.compute(unique, (key, present) -> {
            Anchor held = present == null ? new Anchor() : present;
            held.holds.incrementAndGet();
            return held;
        });
        State state = new State(unique, anchor);
        return new Hold(state, CLEANER.register(owner, state));
    }

    /** How many transports hold the database that is shared by this name. */
    static int holds(String name) {
        Anchor anchor = ANCHORS.get(name);
        return anchor == null ? 0 : anchor.holds.get();
    }

    /** One transport's part in keeping a database alive. */
    static final class Hold {
        private final State state;
        private final Cleaner.Cleanable cleanable;

        private Hold(State state, Cleaner.Cleanable cleanable) {
            this.state = state;
            this.cleanable = cleanable;
        }

        /** The database's name in this JVM. */
        String name() {
            return state.name;
        }

        /** Makes the database exist. Calls SQLite. */
        void open() throws SQLException {
            state.anchor.open(state.name);
        }

        /** Idempotent. Calls SQLite. */
        void release() {
            cleanable.clean();
        }
    }

    /** What is left to be done when a transport is gone; it must not know the transport. */
    private record State(String name, Anchor anchor) implements Runnable {
        @Override
        public void run() {
            ANCHORS.computeIfPresent(name, (key, held) -> held.holds.decrementAndGet() == 0 ? null : held);
            anchor.closeIfUnused();
        }
    }

    private static final class Anchor {
        private final AtomicInteger holds = new AtomicInteger(); // changes only inside ANCHORS.compute
        private @Nullable AutoCloseable connection;

        synchronized void open(String name) throws SQLException {
            if (connection == null && holds.get() > 0) {
                connection = JDBC.createConnection(Opening.url(null, name), new Properties());
            }
        }

        synchronized void closeIfUnused() {
            if (holds.get() > 0 || connection == null) {
                return;
            }
            try {
                connection.close();
            } catch (Exception e) {
                // A connection that ran no statement has nothing to fail at; and there is nobody to tell.
            }
            connection = null;
        }
    }
}
