package dev.pollux.r2dbc.local;

import io.r2dbc.spi.R2dbcException;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A reading statement that has rows left. Confined to the session's worker, but for {@link #stoppable()}.
 *
 * <pre>
 *   OPEN --last row, error, close--&gt; ENDED
 *   OPEN --other work begins--&gt; READ_OUT --last portion taken, close--&gt; ENDED
 * </pre>
 *
 * <p>Before the session does anything else, the rest is read out into memory. A cursor keeps its connection on the
 * snapshot it began with: a write of that connection would fail with {@code SQLITE_BUSY_SNAPSHOT} as soon as another
 * connection had written, a later read would see old data, and an interrupt of either would hit the cursor too.
 */
final class Cursor {

    /** How much a portion may hold, roughly, whatever its number of rows. */
    static final long PORTION_BYTES = 256 * 1024;

    /** How much is read out before it is called too much. */
    static final long READ_OUT_BYTES = 64 * 1024 * 1024;

    private final SqliteHandle handle;
    private final int portionRows;
    private final Limits limits;
    private final Stoppable stoppable;
    private final ArrayDeque<Prepared.Portion> readOut = new ArrayDeque<>();
    private @Nullable Prepared statement;
    private @Nullable R2dbcException failure;

    Cursor(SqliteHandle handle, Prepared statement, int portionRows, Limits limits) {
        this.handle = handle;
        this.statement = statement;
        this.portionRows = portionRows;
        this.limits = limits;
        this.stoppable = new Stoppable(handle::interrupt);
    }

    /** By which any thread stops the portion that is being read, and all after it. */
    Stoppable stoppable() {
        return stoppable;
    }

    /** The limits of the work that opened it. */
    Limits limits() {
        return limits;
    }

    /** Whether SQLite still has rows to give. */
    boolean isOpen() {
        return statement != null;
    }

    /** The next portion: of what was read out, or of what SQLite gives. */
    Prepared.Portion next() throws SQLException {
        Prepared.Portion waiting = readOut.poll();
        if (waiting != null) {
            return waiting;
        }
        if (failure != null) {
            throw failure;
        }
        return read();
    }

    private Prepared.Portion read() throws SQLException {
        Prepared open = statement;
        if (open == null) {
            return new Prepared.Portion(List.of(), 0, true);
        }
        boolean worked = false;
        try {
            Prepared.Portion portion = stoppable.run(() -> open.read(portionRows, PORTION_BYTES));
            worked = true;
            if (portion.last()) {
                statement = null;
                handle.done(open);
            }
            return portion;
        } finally {
            if (!worked) {
                statement = null;
                open.discard();
            }
        }
    }

    /**
     * Reads the rest into memory and frees the statement.
     *
     * @return whether all of it fitted
     */
    boolean readOut() throws SQLException {
        long bytes = 0;
        while (statement != null && bytes < READ_OUT_BYTES) {
            Prepared.Portion portion = read();
            readOut.add(portion);
            bytes += portion.bytes();
        }
        return statement == null;
    }

    /** Makes the reader fail after it has taken what was read out. */
    void fail(R2dbcException why) {
        failure = why;
        free();
    }

    /** Frees the statement and what was read out. */
    void close() {
        readOut.clear();
        free();
    }

    private void free() {
        if (statement != null) {
            handle.done(statement);
            statement = null;
        }
    }
}
