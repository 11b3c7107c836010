package dev.pollux.r2dbc;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/** What the parts of the contract share: an empty database, and a connection to it. */
interface Driven {

    Duration PATIENCE = Duration.ofSeconds(60);

    /** The database under test. */
    ConnectionFactory factory();

    /** A connection to it that the suite closes. */
    Connection connection();

    /** Waits for all of a publisher. */
    static <T> List<T> all(Publisher<? extends T> publisher) {
        return Objects.requireNonNull(Flux.<T>from(publisher).collectList().block(PATIENCE));
    }

    /** Runs a text and counts the rows that its statements changed. */
    default long run(String sql, Object... values) {
        return run(connection(), sql, values);
    }

    default long run(Connection connection, String sql, Object... values) {
        return all(Flux.from(statement(connection, sql, values).execute()).concatMap(result -> result.getRowsUpdated()))
                .stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    /** The first column of all rows of all results of a text. */
    default <T> List<T> query(Class<T> type, String sql, Object... values) {
        return query(connection(), type, sql, values);
    }

    default <T> List<T> query(Connection connection, Class<T> type, String sql, Object... values) {
        return all(Flux.from(statement(connection, sql, values).execute())
                .concatMap(result -> result.map((row, metadata) -> Objects.requireNonNull(row.get(0, type)))));
    }

    private static Statement statement(Connection connection, String sql, @Nullable Object... values) {
        Statement statement = connection.createStatement(sql);
        for (int i = 0; i < values.length; i++) {
            statement.bind(i, Objects.requireNonNull(values[i]));
        }
        return statement;
    }

    /** Another connection, for the length of a test. */
    default Connection another() {
        return all(factory().create()).get(0);
    }
}
