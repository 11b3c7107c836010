package dev.pollux.r2dbc.local;

import dev.pollux.r2dbc.transport.Column;
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
 * A prepared statement on the session thread.
 *
 * <p>It is driven through sqlite-jdbc's native layer rather than through JDBC: SQLite prepares a statement anew when the
 * schema has changed, but a JDBC statement would go on showing the columns it had at first; and JDBC hides a column's
 * declared type.
 */
final class Prepared {

    /** Some rows, how many bytes they hold, roughly, and whether they are the last. */
    record Portion(List<@Nullable Object[]> rows, long bytes, boolean last) {}

    private final DB db;
    private final PreparedStatement statement;
    private final CoreStatement core;
    private final int parameters;
    private final String sql;
    private final Verb verb;
    private boolean onRow;
    private int width;

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
    }

    String sql() {
        return sql;
    }

    Verb verb() {
        return verb;
    }

    /** Runs it until its first row or its end. */
    void start(List<@Nullable Object> arguments) throws SQLException {
        if (arguments.size() != parameters) {
            throw new SQLiteException(
                    "the statement has " + parameters + " parameters and was given " + arguments.size() + " arguments",
                    SQLiteErrorCode.SQLITE_RANGE);
        }
        onRow = db.execute(core, arguments.toArray());
        width = core.pointer.safeRunInt(DB::column_count);
    }

    /** Its columns, as they are after {@link #start}: only then does SQLite look whether the schema has changed. */
    List<Column> columns() throws SQLException {
        List<Column> columns = new ArrayList<>(width);
        for (int i = 0; i < width; i++) {
            int index = i;
            String name = core.pointer.safeRun((db, statement) -> db.column_name(statement, index));
            String type = core.pointer.safeRun((db, statement) -> db.column_decltype(statement, index));
            columns.add(new Column(String.valueOf(name), type));
        }
        return List.copyOf(columns);
    }

    /**
     * Reads on.
     *
     * @param most how many rows at most
     * @param mostBytes after how many bytes of values no further row is read
     */
    Portion read(int most, long mostBytes) throws SQLException {
        List<@Nullable Object[]> rows = new ArrayList<>();
        long bytes = 0;
        while (onRow && rows.size() < most && bytes < mostBytes) {
            @Nullable Object[] row = new @Nullable Object[width];
            bytes += core.pointer.<Long, SQLException>safeRun((db, statement) -> fill(row, db, statement));
            rows.add(row);
            step();
        }
        return new Portion(rows, bytes, !onRow);
    }

    private void step() throws SQLException {
        int code = core.pointer.safeRunInt(DB::step);
        onRow = code == Codes.SQLITE_ROW;
        if (!onRow && code != Codes.SQLITE_DONE) {
            db.throwex(code);
        }
    }

    private static long fill(@Nullable Object[] row, DB db, long statement) throws SQLException {
        long bytes = 0;
        for (int i = 0; i < row.length; i++) {
            switch (db.column_type(statement, i)) {
                case Codes.SQLITE_INTEGER -> row[i] = db.column_long(statement, i);
                case Codes.SQLITE_FLOAT -> row[i] = db.column_double(statement, i);
                case Codes.SQLITE_TEXT -> {
                    String text = db.column_text(statement, i);
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

    /** Makes it ready for the next run, and frees the values it was given. */
    void reset() throws SQLException {
        onRow = false;
        core.pointer.safeRunInt(DB::reset);
        core.pointer.safeRunInt(DB::clear_bindings);
    }

    /** Frees it. */
    void close() throws SQLException {
        onRow = false;
        statement.close();
    }
}
