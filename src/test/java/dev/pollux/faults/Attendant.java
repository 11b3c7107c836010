package dev.pollux.faults;

import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Starts a server again when it takes no writes any more, as somebody who looks after it would. */
final class Attendant implements AutoCloseable {

    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(2);
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final Sqld sqld;
    private final TestDatabase database;
    private final Disposable.Swap rounds = Disposables.swap();
    private int restarts;

    private Attendant(Sqld sqld) {
        this.sqld = sqld;
        this.database = TestDatabase.at(sqld.r2dbcUrl());
    }

    /** Looks after a server whose database is set up, until it is closed. */
    static Attendant of(Sqld sqld) {
        Attendant attendant = new Attendant(sqld);
        attendant.rounds.replace(attendant
                .write()
                .timeout(PATIENCE)
                .onErrorResume(
                        TimeoutException.class,
                        stands ->
                                Mono.<Void>fromRunnable(attendant::startAgain).subscribeOn(Schedulers.boundedElastic()))
                // A server that refuses a write does not stand still.
                .onErrorComplete(R2dbcException.class)
                .delaySubscription(BETWEEN_LOOKS)
                .repeat()
                .subscribe());
        return attendant;
    }

    /** Takes the write lock and changes nothing. */
    private Mono<Void> write() {
        return database.rows("UPDATE Workers SET last_seen = 0 WHERE false").then();
    }

    private synchronized void startAgain() {
        if (!rounds.isDisposed()) {
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
    public synchronized void close() {
        rounds.dispose();
    }
}
