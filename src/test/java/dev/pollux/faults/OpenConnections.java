package dev.pollux.faults;

import io.r2dbc.spi.Closeable;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** A connection factory whose connections can be closed under those who use them. */
final class OpenConnections implements ConnectionFactory, Closeable {

    private final ConnectionFactory factory;
    private final Queue<Connection> open = new ConcurrentLinkedQueue<>();
    /** The ends of those that are being opened. */
    private final Queue<Mono<Void>> opening = new ConcurrentLinkedQueue<>();

    private volatile boolean closed;

    OpenConnections(ConnectionFactory factory) {
        this.factory = factory;
    }

    @Override
    public Publisher<? extends Connection> create() {
        return Mono.defer(() -> {
            Sinks.Empty<Void> opened = Sinks.empty();
            Mono<Void> end = opened.asMono();
            opening.add(end);
            return Mono.<Connection>from(factory.create())
                    .flatMap(connection -> {
                        open.add(connection);
                        // Set before it looks for connections, as this adds before it looks.
                        return closed ? Mono.from(connection.close()).thenReturn(connection) : Mono.just(connection);
                    })
                    .doFinally(signal -> {
                        opened.tryEmitEmpty();
                        opening.remove(end);
                    });
        });
    }

    @Override
    public ConnectionFactoryMetadata getMetadata() {
        return factory.getMetadata();
    }

    /** Closes the connections that are open now. */
    Mono<Void> closeAll() {
        return Flux.defer(() -> Flux.fromIterable(open))
                .flatMap(Connection::close)
                .then();
    }

    /** Closes the factory, so that it opens no more, and then its connections, those that are being opened too. */
    @Override
    public Mono<Void> close() {
        return Mono.<Void>from(((Closeable) factory).close())
                .then(Mono.<Void>fromRunnable(() -> closed = true))
                .then(Flux.defer(() -> Flux.fromIterable(opening))
                        .flatMap(opened -> opened)
                        .then())
                .then(closeAll());
    }
}
