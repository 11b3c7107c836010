package dev.pollux.r2dbc.local;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.sqlite.SQLiteErrorCode;

/** A connection that knows nothing of our gates, as another process has it. */
final class Jdbc implements AutoCloseable {

    private final Connection connection;

    Jdbc(Path file) throws SQLException {
        connection = DriverManager.getConnection("jdbc:sqlite:" + file);
    }

    void run(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    long number(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    /** Takes the lock and gives it back; tells whether it was to be had. */
    boolean takesTheWriteLock() throws SQLException {
        try {
            run("BEGIN IMMEDIATE");
        } catch (SQLException e) {
            if (e.getErrorCode() == SQLiteErrorCode.SQLITE_BUSY.code) {
                return false;
            }
            throw e;
        }
        run("ROLLBACK");
        return true;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
