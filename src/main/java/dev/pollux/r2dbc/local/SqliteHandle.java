package dev.pollux.r2dbc.local;

import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Column;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;
import org.sqlite.core.DB;

/** A session's SQLite connection. Confined to the session's worker, but for {@link #interrupt()}. */
final class SqliteHandle {

    private static final String BEGIN = "BEGIN";
    private static final String ROLLBACK = "ROLLBACK";

    /**
     * What a call gave so far.
     *
     * @param unread the statement, still reading, or null if it is done
     */
    record Run(
            List<Column> columns,
            List<@Nullable Object[]> rows,
            @Nullable Prepared unread,
            long rowsAffected) {}

    private final SQLiteConnection connection;
    private final DB db;
    private final StatementCache statements;
    private final Map<String, Prepared> controls = new HashMap<>();
    private final SchemaMark schema;
    private final ManyRowInserts inserts;
    private final BusyWait busyWait = new BusyWait();
    private @Nullable Boolean utf8;

    SqliteHandle(SQLiteConnection connection, int statementCacheSize) throws SQLException {
        this.connection = connection;
        this.db = connection.getDatabase();
        this.schema = new SchemaMark(connection);
        this.statements = new StatementCache(connection, statementCacheSize);
        this.inserts = new ManyRowInserts(connection, statements, schema);
        // Tells only sqlite-jdbc, not SQLite: otherwise it runs a BEGIN and a COMMIT of its own after every statement.
        connection.getConnectionConfig().setAutoCommit(false);
        db.busy_handler(busyWait);
    }

    /** Sets how long, and on whose behalf, later statements wait for another connection's lock. */
    void waitForLocks(Duration limit, @Nullable Stoppable work) {
        busyWait.limit(limit);
        busyWait.onBehalfOf(work);
    }

    /** Runs a statement without arguments and rows. */
    void run(String sql) throws SQLException {
        db.exec(sql, false);
    }

    /** Runs a BEGIN or COMMIT, which is kept prepared beside the users' own statements. */
    void control(String sql) throws SQLException {
        Prepared statement = controls.remove(sql);
        if (statement == null) {
            statement = new Prepared(connection, sql);
        }
        boolean worked = false;
        try {
            statement.start();
            worked = true;
            controls.put(sql, statement);
        } finally {
            if (!worked) {
                statement.discard();
            }
        }
    }

    /** Runs a statement and returns the one value it gives, or null. */
    @Nullable
    Object value(String sql) throws SQLException {
        List<@Nullable Object[]> rows =
                run(Call.read(sql), true, Integer.MAX_VALUE, Long.MAX_VALUE).rows();
        return rows.isEmpty() ? null : rows.get(0)[0];
    }

    /**
     * Runs a call and reads at most so many rows, and no more once they hold so many bytes.
     *
     * @param inTransaction whether the call may use savepoints, which otherwise would begin a transaction that nobody
     *     has counted
     */
    Run run(Call call, boolean inTransaction, int most, long mostBytes) throws SQLException {
        Prepared statement = statements.take(call.sql());
        boolean writes = call.kind() == Call.Kind.WRITE;
        boolean countsItself = statement.verb() == Verb.CHANGE;
        long changesBefore = writes && !countsItself ? db.total_changes() : 0;
        boolean usable = false;
        try {
            refuseTransactionControl(statement.verb(), inTransaction);
            if (writes && !countsItself) {
                changesSchema(statement.verb());
            }
            statement.start(call.arguments());
            List<Column> columns = columns(statement);
            if (statement.isOnRow()) {
                statement.textIsUtf8(isUtf8());
            }
            Prepared.Portion portion = statement.read(most, mostBytes);
            usable = true;
            if (!portion.last()) {
                return new Run(columns, portion.rows(), statement, 0);
            }
            // From here on nothing may run in SQLite: an interrupt would report a write as stopped that has committed.
            // changes() still counts for the last statement that changed rows if this one, a CREATE say, changed none.
            long affected = countsItself || (writes && db.total_changes() != changesBefore) ? db.changes() : 0;
            statements.giveBack(statement);
            return new Run(columns, portion.rows(), null, affected);
        } finally {
            if (!usable) {
                statement.discard();
            }
        }
    }

    /**
     * Runs calls of one statement, if it is one that can be run for many sets of values at once.
     *
     * @param locked whether the transaction holds the write lock: one that does not must write before it reads, or
     *     another connection's write may come between, after which it can no longer write
     * @return for each call, how many rows it changed; or null if they must be run one by one, and nothing was run
     */
    long @Nullable [] runForEach(List<Call> calls, boolean locked) throws SQLException {
        Prepared statement = statements.take(calls.get(0).sql());
        boolean usable = false;
        try {
            boolean can = statement.verb() == Verb.CHANGE && statement.canRunForEach();
            long[] changed = can ? runForEach(statement, calls, locked) : null;
            usable = true;
            statements.giveBack(statement);
            return changed;
        } finally {
            if (!usable) {
                statement.discard();
            }
        }
    }

    private long[] runForEach(Prepared statement, List<Call> calls, boolean locked) throws SQLException {
        int inserted = locked ? inserts.run(statement, calls) : 0;
        long[] changed = new long[calls.size()];
        Arrays.fill(changed, 0, inserted, 1);
        if (inserted < calls.size()) {
            long[] rest = statement.runForEach(calls.subList(inserted, calls.size()));
            System.arraycopy(rest, 0, changed, inserted, rest.length);
        }
        return changed;
    }

    /** Asked once, and again after what may have changed it: a pragma can, as long as the database is empty. */
    private boolean isUtf8() throws SQLException {
        Boolean known = utf8;
        if (known == null) {
            known = "UTF-8".equals(Prepared.value(connection, "PRAGMA encoding"));
            utf8 = known;
        }
        return known;
    }

    private void changesSchema(Verb verb) {
        utf8 = null;
        schema.mayHaveChanged();
        if (verb == Verb.ATTACH) {
            schema.attached();
        }
    }

    /** A statement that has ended without a row is not asked for the mark, as that runs in SQLite: see above. */
    private List<Column> columns(Prepared statement) throws SQLException {
        return statement.isOnRow() ? statement.columns(schema.now()) : statement.columns();
    }

    private static void refuseTransactionControl(Verb verb, boolean inTransaction) throws SQLException {
        if (verb == Verb.TRANSACTION || (verb == Verb.SAVEPOINT && !inTransaction)) {
            throw new SQLiteException(
                    verb == Verb.TRANSACTION
                            ? "transactions are begun and ended by the connection's own methods, not by a statement"
                            : "savepoints need a transaction: begin one first",
                    SQLiteErrorCode.SQLITE_MISUSE);
        }
    }

    /** Takes a statement back that has read to its end, or that nobody reads any more. */
    void done(Prepared statement) {
        try {
            statements.giveBack(statement);
        } catch (SQLException e) {
            statement.discard();
        }
    }

    /** Whether no transaction is open in SQLite. Only BEGIN can tell through sqlite-jdbc. */
    boolean isAutocommit() {
        try {
            run(BEGIN);
        } catch (SQLException e) {
            return false;
        }
        rollback();
        return true;
    }

    /** Rolls back if there is something to roll back. */
    void rollback() {
        schema.mayHaveChanged();
        try {
            run(ROLLBACK);
        } catch (SQLException e) {
            // The only reason for this statement to fail is that SQLite has rolled back already.
        }
    }

    /** How many prepared statements wait for their next run. */
    int idleStatements() {
        return statements.idle();
    }

    String version() throws SQLException {
        return db.libversion();
    }

    /** Stops what runs; callable from any thread as long as {@link #close()} has not been called. */
    void interrupt() {
        try {
            db.interrupt();
        } catch (SQLException e) {
            throw new IllegalStateException("sqlite3_interrupt reports no errors", e);
        }
    }

    /** Rolls back and frees everything. */
    void close() {
        rollback();
        try {
            connection.close();
        } catch (SQLException e) {
            // Nothing is left to be done, and whoever closes wants it gone.
        }
    }
}
