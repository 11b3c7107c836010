package dev.pollux.faults;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.R2dbcTransientException;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

/**
 * Connection factories whose connections, those that are open and those to come, can be made to run a pragma: so the file
 * that a queue has open becomes full, or read-only, while it works.
 */
final class Pragmas {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Supplier<ConnectionFactory> factories;
    private final Queue<Connection> open = new ConcurrentLinkedQueue<>();
    private volatile String pragma = "PRAGMA query_only = OFF";

    Pragmas(Supplier<ConnectionFactory> factories) {
        this.factories = factories;
    }

    /** Another factory. */
    ConnectionFactory factory() {
        return new Watched(factories.get());
    }

    /** Has all connections run it; does not fail on one that was closed. */
    void run(String next) {
        pragma = next;
        Flux.fromIterable(open)
                .concatMap(connection -> ran(connection).onErrorComplete())
                .blockLast(PATIENCE);
    }

    private Mono<Connection> ran(Connection connection) {
        return Flux.from(connection.createStatement(pragma).execute())
                .concatMap(result -> result.map(row -> true))
                .then(Mono.just(connection))
                // It waits for the writers of this process like any other work, and no longer.
                .retryWhen(Retry.indefinitely().filter(R2dbcTransientException.class::isInstance));
    }

    private final class Watched implements ConnectionFactory {

        private final ConnectionFactory factory;

        Watched(ConnectionFactory factory) {
            this.factory = factory;
        }

        @Override
        public Publisher<? extends Connection> create() {
            return Mono.from(factory.create()).doOnNext(open::add).flatMap(Pragmas.this::ran);
        }

        @Override
        public ConnectionFactoryMetadata getMetadata() {
            return factory.getMetadata();
        }
    }
}
