package dev.pollux.stacks;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/** What the parts of the contract share: an empty database, and a factory for it. */
interface Stacked {

    Duration PATIENCE = Duration.ofSeconds(60);

    /** The database's URL without {@code r2dbc:}, for example {@code libsql:mem:///x}. */
    String url();

    /** Connections to it, made by {@link ConnectionFactories}. */
    ConnectionFactory factory();

    static <T> List<T> all(Publisher<? extends T> publisher) {
        return Objects.requireNonNull(Flux.<T>from(publisher).collectList().block(PATIENCE));
    }

    /** Runs a text on a connection of its own. */
    default void run(String sql) {
        all(Flux.usingWhen(
                factory().create(),
                connection ->
                        Flux.from(connection.createStatement(sql).execute()).concatMap(Result::getRowsUpdated),
                Connection::close));
    }

    /** The first column of a query's rows. */
    default <T> List<T> query(Class<T> type, String sql) {
        return all(Flux.usingWhen(factory().create(), connection -> query(connection, type, sql), Connection::close));
    }

    static <T> Flux<T> query(Connection connection, Class<T> type, String sql) {
        return Flux.from(connection.createStatement(sql).execute())
                .concatMap(result -> result.map(row -> Objects.requireNonNull(row.get(0, type))));
    }
}
