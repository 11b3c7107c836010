package dev.pollux.testing;

import io.r2dbc.spi.Closeable;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * A database that a test looks into past the queue.
 *
 * @param factory connections to it
 * @param factories makes more such factories, as other processes would have
 */
public record TestDatabase(ConnectionFactory factory, Supplier<ConnectionFactory> factories) {

    /** The database at an R2DBC URL. */
    public static TestDatabase at(String url) {
        return of(() -> ConnectionFactories.get(url));
    }

    /** The database that these factories connect to. */
    public static TestDatabase of(Supplier<ConnectionFactory> factories) {
        return new TestDatabase(factories.get(), factories);
    }

    /** A factory of its own, as another process would have. */
    public ConnectionFactory anotherFactory() {
        return factories.get();
    }

    /** Closes such a factory. Idempotent. */
    public static void close(ConnectionFactory factory) {
        Mono.from(((Closeable) factory).close()).block(Duration.ofSeconds(30));
    }

    /** Runs a statement on a connection of its own; gives its rows, each a list of its columns. */
    public List<List<@Nullable Object>> sql(String sql) {
        return rows(sql).blockOptional(Duration.ofSeconds(30)).orElseThrow();
    }

    /** {@link #sql} when it is subscribed. */
    public Mono<List<List<@Nullable Object>>> rows(String sql) {
        return Flux.usingWhen(
                        factory.create(),
                        connection -> Flux.from(connection.createStatement(sql).execute())
                                .concatMap(result -> result.map((row, metadata) -> {
                                    List<@Nullable Object> values = new ArrayList<>();
                                    for (int i = 0;
                                            i < metadata.getColumnMetadatas().size();
                                            i++) {
                                        // Whatever width the column declares.
                                        values.add(
                                                row.get(i) instanceof Number n && !(n instanceof Double)
                                                        ? (Object) n.longValue()
                                                        : row.get(i));
                                    }
                                    return values;
                                })),
                        Connection::close)
                .collectList();
    }

    /** The only value of the only row; null if there is no row or it is NULL. */
    public @Nullable Object value(String sql) {
        List<List<@Nullable Object>> rows = sql(sql);
        return rows.isEmpty() ? null : rows.get(0).get(0);
    }

    /** {@link #value} of a number. */
    public long number(String sql) {
        Object value = value(sql);
        if (value instanceof Number number) {
            return number.longValue();
        }
        throw new AssertionError(sql + " gave " + value);
    }

    /** Completes once a query's only value is as expected; it looks again after each event of {@code changes}. */
    public Mono<Void> becomes(String sql, Object expected, Flux<?> changes) {
        return changes.onBackpressureDrop()
                .map(change -> true)
                .startWith(true)
                .publishOn(Schedulers.boundedElastic())
                .filter(change -> expected.equals(value(sql)))
                .next()
                .then();
    }
}
