package dev.pollux.faults;

import dev.pollux.testing.Sqld;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Starts a server again when it takes no writes any more, as somebody who looks after it would. */
final class Attendant implements AutoCloseable {

    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(2);
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final Sqld sqld;
    private final Disposable rounds;
    private int restarts;
    private boolean gone;

    private Attendant(Sqld sqld) {
        this.sqld = sqld;
        ConnectionFactory database = ConnectionFactories.get(sqld.r2dbcUrl());
        this.rounds = write(database)
                .timeout(PATIENCE)
                .onErrorResume(
                        TimeoutException.class,
                        stands -> Mono.fromRunnable(this::startAgain).subscribeOn(Schedulers.boundedElastic()))
                // A server that refuses a write does not stand still.
                .onErrorComplete(R2dbcException.class)
                .delaySubscription(BETWEEN_LOOKS)
                .repeat()
                .subscribe();
    }

    /** Looks after a server whose database is set up, until it is closed. */
    static Attendant of(Sqld sqld) {
        return new Attendant(sqld);
    }

    /** Takes the write lock and changes nothing. */
    private static Mono<Object> write(ConnectionFactory database) {
        return Flux.usingWhen(
                        database.create(),
                        connection -> Flux.from(connection
                                        .createStatement("UPDATE Workers SET last_seen = 0 WHERE false")
                                        .execute())
                                .flatMap(result -> result.getRowsUpdated()),
                        Connection::close)
                .then(Mono.empty());
    }

    private synchronized void startAgain() {
        if (!gone) {
            sqld.stop();
            sqld.startAgain();
            restarts++;
        }
    }

    /** How often the server had to be started again. */
    synchronized int restarts() {
        return restarts;
    }

    /** When it returns, the server is left alone. */
    @Override
    public void close() {
        rounds.dispose();
        synchronized (this) {
            gone = true;
        }
    }
}
