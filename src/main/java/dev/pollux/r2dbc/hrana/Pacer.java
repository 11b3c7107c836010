package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.transport.FreeThreads;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Keeps this process' writes away from a server for a while after one of them had to wait there for the write lock:
 * then others are in line. So, however many processes write, few of them stand in that line at any moment, and what
 * each has to write in the meantime goes along with its next turn.
 *
 * <p>With n processes that each stay away for s times as long as they waited, about (n + s) / (1 + s) are in line.
 */
final class Pacer {

    /** The s above: of 16 processes, two are in line. */
    private static final int SHARE = 16;

    private static final Duration LEAST = Duration.ofMillis(1);
    private static final Duration MOST = Duration.ofSeconds(2);

    private final AtomicLong notBefore = new AtomicLong(now());

    /** Completes when it is time for the next write, mostly at once. */
    Mono<Void> turn() {
        return Mono.defer(() -> {
            long wait = notBefore.get() - now();
            return wait <= 0
                    ? Mono.empty()
                    : Mono.delay(Duration.ofNanos(wait), Schedulers.single())
                            .publishOn(FreeThreads.scheduler())
                            .then();
        });
    }

    /** A write waited so long for the lock. */
    void waited(Duration wait) {
        Duration most = wait.compareTo(MOST) < 0 ? wait.multipliedBy(SHARE) : MOST;
        long pause = (long) (Math.min(most.toNanos(), MOST.toNanos())
                // So that they do not come back together.
                * (0.5 + ThreadLocalRandom.current().nextDouble()));
        if (pause >= LEAST.toNanos()) {
            notBefore.set(now() + pause);
        }
    }

    private static long now() {
        return Schedulers.single().now(TimeUnit.NANOSECONDS);
    }
}
