package dev.pollux;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * The lane's connection: opened when first needed, kept while there is work, and given back after ten idle seconds or
 * when a fault broke it. Opening a file anew for each turn would cost more than the turn.
 *
 * <p>The next connection is opened when the last one is closed, or does not close for half a minute: a pool may have
 * room for one only, and a file that was replaced may not be opened beside the one that it replaces.
 *
 * <p>Only the holder of the lane touches it, so it needs no lock of its own; the idle timer asks for the lane first.
 */
final class LaneConnection {

    private static final Logger LOG = LoggerFactory.getLogger(LaneConnection.class);
    private static final Duration IDLE = Duration.ofSeconds(10);
    private static final Duration OPENING = Duration.ofSeconds(30);

    private final ConnectionFactory factory;
    private final Predicate<Runnable> exclusively;
    private final AtomicBoolean timerSet = new AtomicBoolean();
    private @Nullable Connection held;
    private Mono<Void> closing = Mono.empty();
    private final AtomicInteger breaks = new AtomicInteger();
    private volatile long lastUsed = System.nanoTime();

    /**
     * @param exclusively runs an action while nobody holds the lane, or gives up and says false
     */
    LaneConnection(ConnectionFactory factory, Predicate<Runnable> exclusively) {
        this.factory = factory;
        this.exclusively = exclusively;
    }

    /** Runs work on the connection, opening it if need be. */
    Mono<Void> use(Function<Connection, Mono<Void>> work) {
        return Mono.defer(() -> open().flatMap(work).onErrorResume(error -> {
                    if (Fault.breaksConnection(error)) {
                        breaks.incrementAndGet();
                        drop();
                    }
                    return Mono.error(error);
                }))
                .doOnTerminate(() -> lastUsed = System.nanoTime());
    }

    /** How often it has broken so far. */
    int breaks() {
        return breaks.get();
    }

    private Mono<Connection> open() {
        if (held != null) {
            return Mono.just(held);
        }
        return closing.then(Mono.<Connection>from(factory.create()))
                // A pool without a timeout of its own must not hold the lane for ever.
                .timeout(
                        OPENING,
                        Mono.error(() -> new R2dbcTimeoutException(
                                "no connection within " + OPENING.toSeconds()
                                        + " s: does the pool have room for one more?",
                                "08001")))
                .switchIfEmpty(Mono.error(() -> new IllegalStateException("the connection factory gave no connection")))
                .doOnNext(connection -> {
                    held = connection;
                    watchIdle(IDLE);
                });
    }

    private void watchIdle(Duration in) {
        if (timerSet.compareAndSet(false, true)) {
            Timers.scheduler().schedule(this::closeIfIdle, in.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void closeIfIdle() {
        timerSet.set(false);
        boolean asked = exclusively.test(() -> {
            if (System.nanoTime() - lastUsed >= IDLE.toNanos()) {
                drop();
            } else if (held != null) {
                watchIdle(IDLE);
            }
        });
        if (!asked) {
            watchIdle(IDLE);
        }
    }

    private void drop() {
        Connection connection = held;
        held = null;
        if (connection != null) {
            closing = Mono.from(connection.close())
                    .timeout(OPENING)
                    .doOnError(error -> LOG.debug("closing an idle or broken connection failed", error))
                    .onErrorComplete()
                    .cache();
            closing.subscribe();
        }
    }
}
