package dev.pollux.testing;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** SQLite in memory, called on the thread of whichever of Reactor's schedulers is installed. */
public final class PlainDatabase implements AutoCloseable {

    private final Connection connection;

    /** An empty one. */
    public PlainDatabase() throws SQLException {
        connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        connection.setAutoCommit(false);
    }

    /** Connections to it; an execution and its answer each take a turn of the parallel scheduler. */
    public ScriptedDatabase factory() {
        return new ScriptedDatabase(execution -> Mono.fromCallable(() -> run(execution))
                .subscribeOn(Schedulers.parallel())
                .publishOn(Schedulers.parallel())
                .flatMapMany(Flux::fromIterable));
    }

    /** Runs one statement; gives its rows, each a list of its columns. */
    public List<List<@Nullable Object>> sql(String sql) {
        return run(new ScriptedDatabase.Execution(sql, List.of())).get(0);
    }

    private List<List<List<@Nullable Object>>> run(ScriptedDatabase.Execution execution) {
        List<List<List<@Nullable Object>>> results = new ArrayList<>();
        try {
            for (String sql : execution.sql().split(";\n", -1)) {
                results.add(run(sql, execution.arguments()));
            }
            connection.commit();
            return results;
        } catch (SQLException e) {
            try {
                connection.rollback();
            } catch (SQLException worse) {
                e.addSuppressed(worse);
            }
            throw new R2dbcNonTransientResourceException(e.getMessage(), "42000", e);
        }
    }

    private List<List<@Nullable Object>> run(String sql, List<Object> arguments) throws SQLException {
        List<List<@Nullable Object>> rows = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            int most = statement.getParameterMetaData().getParameterCount();
            for (int i = 1; i <= most; i++) {
                statement.setObject(i, arguments.get(i - 1));
            }
            if (statement.execute()) {
                try (ResultSet result = statement.getResultSet()) {
                    while (result.next()) {
                        rows.add(row(result));
                    }
                }
            }
        }
        return rows;
    }

    private static List<@Nullable Object> row(ResultSet result) throws SQLException {
        List<@Nullable Object> row = new ArrayList<>();
        for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
            row.add(result.getObject(i) instanceof Integer n ? (Object) n.longValue() : result.getObject(i));
        }
        return row;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
