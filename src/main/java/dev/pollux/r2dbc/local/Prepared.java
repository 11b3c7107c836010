package dev.pollux.r2dbc.local;

import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Column;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;
import org.sqlite.core.Codes;
import org.sqlite.core.CoreStatement;
import org.sqlite.core.DB;

/**
 * A prepared statement. Confined to the session's worker.
 *
 * <p>It is driven through sqlite-jdbc's native layer rather than through JDBC: SQLite prepares a statement anew when the
 * schema has changed, but a JDBC statement would go on showing the columns it had at first; and JDBC hides a column's
 * declared type. Only a statement without columns is run through JDBC, for many sets of values at once.
 */
final class Prepared {

    /** Some rows, how many bytes they hold, roughly, and whether they are the last. */
    record Portion(List<@Nullable Object[]> rows, long bytes, boolean last) {}

    private static final Portion NOTHING = new Portion(List.of(), 0, true);

    /** From how many characters or bytes on a value is not kept until the next run. */
    private static final int MUCH = 1024;

    private final DB db;
    private final PreparedStatement statement;
    private final CoreStatement core;
    private final int parameters;
    private final String sql;
    private final Verb verb;
    private final boolean returnsRows;
    private boolean onRow;
    private boolean reset = true;
    private boolean holdsMuch;
    private boolean utf8;
    private int width;
    private @Nullable ManyRowInsert manyRows;
    private boolean manyRowsKnown;
    private List<Column> columns = List.of();
    private long columnsMark = -1;

    Prepared(SQLiteConnection connection, String sql) throws SQLException {
        this.sql = sql;
        this.verb = Verb.of(sql);
        if (verb == Verb.NONE) {
            // SQLite prepares it to nothing, which sqlite-jdbc takes for a statement.
            throw new SQLiteException("the statement is empty", SQLiteErrorCode.SQLITE_MISUSE);
        }
        if (verb == Verb.BUSY_TIMEOUT) {
            // SQLite acts on it as soon as it is prepared.
            throw new SQLiteException(
                    "how long locks are waited for is set by the option busyTimeout or the connection's"
                            + " setLockWaitTimeout, not by a pragma",
                    SQLiteErrorCode.SQLITE_MISUSE);
        }
        this.db = connection.getDatabase();
        this.statement = connection.prepareStatement(sql);
        this.core = (CoreStatement) statement;
        this.parameters = statement.getParameterMetaData().getParameterCount();
        this.returnsRows = core.pointer.safeRunInt(DB::column_count) > 0;
    }

    /** Runs a statement that is not kept, and gives the first value of its first row, or null if there is none. */
    static @Nullable Object value(SQLiteConnection connection, String sql, @Nullable Object... arguments)
            throws SQLException {
        Prepared statement = new Prepared(connection, sql);
        try {
            statement.start(arguments);
            List<@Nullable Object[]> rows = statement.read(1, 1).rows();
            return rows.isEmpty() ? null : rows.get(0)[0];
        } finally {
            statement.discard();
        }
    }

    String sql() {
        return sql;
    }

    Verb verb() {
        return verb;
    }

    /** Whether it is on a row. */
    boolean isOnRow() {
        return onRow;
    }

    /** Whether it has parameters and returns no rows, so that it can be run for many sets of values at once. */
    boolean canRunForEach() {
        return parameters > 0 && !returnsRows;
    }

    /**
     * Runs it to its end for each call's arguments.
     *
     * @return for each call, how many rows it changed
     */
    long[] runForEach(List<Call> calls) throws SQLException {
        for (Call call : calls) {
            @Nullable Object[] arguments = call.arguments();
            requireAll(arguments, parameters);
            for (int i = 0; i < parameters; i++) {
                Object value = arguments[i];
                holdsMuch = holdsMuch || isMuch(value);
                statement.setObject(i + 1, value);
            }
            statement.addBatch();
        }
        return statement.executeLargeBatch();
    }

    /** The same statement for many rows at a time, or null if it is not an INSERT that can be written so. */
    @Nullable
    ManyRowInsert manyRows() {
        if (!manyRowsKnown) {
            manyRows = ManyRowInsert.of(sql);
            manyRowsKnown = true;
        }
        return manyRows;
    }

    /** Runs it to its end, or to its first row, with the arguments of all the calls, one after the other. */
    void startForAll(List<Call> calls) throws SQLException {
        @Nullable Object[] all = new @Nullable Object[parameters];
        int end = 0;
        for (Call call : calls) {
            @Nullable Object[] arguments = call.arguments();
            requireAll(arguments, parameters / calls.size());
            System.arraycopy(arguments, 0, all, end, arguments.length);
            end += arguments.length;
        }
        start(all);
    }

    /** Runs it until its first row or its end. */
    void start(@Nullable Object... arguments) throws SQLException {
        requireAll(arguments, parameters);
        holdsMuch = holdsMuch || holdMuch(arguments);
        reset = false;
        onRow = db.execute(core, arguments);
        reset = !onRow; // sqlite-jdbc resets a statement that is done
        width = returnsRows ? core.pointer.safeRunInt(DB::column_count) : 0;
    }

    private static void requireAll(@Nullable Object[] arguments, int parameters) throws SQLException {
        if (arguments.length != parameters) {
            throw new SQLiteException(
                    "the statement has " + parameters + " parameters and was given " + arguments.length + " arguments",
                    SQLiteErrorCode.SQLITE_RANGE);
        }
    }

    /** Whether one of these values is large. */
    static boolean holdMuch(@Nullable Object[] values) {
        for (Object value : values) {
            if (isMuch(value)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isMuch(@Nullable Object value) {
        return (value instanceof String text && text.length() > MUCH)
                || (value instanceof byte[] bytes && bytes.length > MUCH);
    }

    /** Its columns, as they are after {@link #start}: only then does SQLite look whether the schema has changed. */
    List<Column> columns() throws SQLException {
        if (width == 0) {
            return List.of();
        }
        List<Column> found = new ArrayList<>(width);
        for (int i = 0; i < width; i++) {
            int index = i;
            String name = core.pointer.safeRun((db, statement) -> db.column_name(statement, index));
            String type = core.pointer.safeRun((db, statement) -> db.column_decltype(statement, index));
            found.add(new Column(String.valueOf(name), type));
        }
        return List.copyOf(found);
    }

    /** Its columns, asked of SQLite only if the schema's mark is not that of the last time. */
    List<Column> columns(long mark) throws SQLException {
        if (mark != columnsMark) {
            columns = columns();
            columnsMark = mark;
        }
        return columns;
    }

    /** Says whether the database keeps text in UTF-8, before rows are read. */
    void textIsUtf8(boolean utf8) {
        this.utf8 = utf8;
    }

    /** Runs a statement that has no parameters and gives one number, and makes it ready for the next run. */
    long number() throws SQLException {
        return core.pointer.safeRunLong(Prepared::number);
    }

    private static long number(DB db, long statement) throws SQLException {
        int code = db.step(statement);
        long number = code == Codes.SQLITE_ROW ? db.column_long(statement, 0) : 0;
        db.reset(statement);
        if (code != Codes.SQLITE_ROW) {
            db.throwex(code);
        }
        return number;
    }

    /**
     * Reads on.
     *
     * @param most how many rows at most
     * @param mostBytes after how many bytes of values no further row is read
     */
    Portion read(int most, long mostBytes) throws SQLException {
        if (!onRow) {
            return NOTHING;
        }
        // All of them in one go, for each time takes and releases sqlite-jdbc's lock.
        return core.pointer.<Portion, SQLException>safeRun((db, statement) -> read(most, mostBytes, db, statement));
    }

    private Portion read(int most, long mostBytes, DB db, long statement) throws SQLException {
        List<@Nullable Object[]> rows = new ArrayList<>();
        long bytes = 0;
        while (onRow && rows.size() < most && bytes < mostBytes) {
            @Nullable Object[] row = new @Nullable Object[width];
            bytes += fill(row, utf8, db, statement);
            rows.add(row);
            int code = db.step(statement);
            onRow = code == Codes.SQLITE_ROW;
            if (!onRow && code != Codes.SQLITE_DONE) {
                db.throwex(code);
            }
        }
        return new Portion(rows, bytes, !onRow);
    }

    private static long fill(@Nullable Object[] row, boolean utf8, DB db, long statement) throws SQLException {
        long bytes = 0;
        for (int i = 0; i < row.length; i++) {
            switch (db.column_type(statement, i)) {
                case Codes.SQLITE_INTEGER -> row[i] = db.column_long(statement, i);
                case Codes.SQLITE_FLOAT -> row[i] = db.column_double(statement, i);
                case Codes.SQLITE_TEXT -> {
                    String text = utf8 ? text(db.column_blob(statement, i)) : db.column_text(statement, i);
                    row[i] = text;
                    bytes += 2L * text.length();
                }
                case Codes.SQLITE_BLOB -> {
                    byte[] blob = db.column_blob(statement, i);
                    row[i] = blob == null ? new byte[0] : blob;
                    bytes += blob == null ? 0 : blob.length;
                }
                default -> row[i] = null;
            }
            bytes += Long.BYTES;
        }
        return bytes;
    }

    /** Half the time of sqlite-jdbc's own way, which wraps the bytes in a direct buffer first. */
    private static String text(byte @Nullable [] utf8) {
        return utf8 == null ? "" : new String(utf8, StandardCharsets.UTF_8);
    }

    /** Makes it ready for the next run. Of the values it was given, it frees large ones; the next run replaces them all. */
    void reset() throws SQLException {
        onRow = false;
        if (!reset) {
            core.pointer.safeRunInt(DB::reset);
            reset = true;
        }
        if (holdsMuch) {
            core.pointer.safeRunInt(DB::clear_bindings);
            holdsMuch = false;
        }
    }

    /** Frees it. */
    void close() throws SQLException {
        onRow = false;
        statement.close();
    }

    /** Frees it after it failed, or may have: what state it is in is not worth finding out. */
    void discard() {
        try {
            close();
        } catch (SQLException e) {
            // SQLite reports the statement's own error once more; whoever ran it has been told.
        }
    }
}
