package dev.pollux.replica;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Watches how long ago the remote was last told that we are alive. When that was too long ago, what we hold of it is frozen, until
 * a sync has learnt what we still hold. It goes by the monotonic clock; a machine that slept is caught by the file's own guard,
 * which goes by the wall clock.
 */
final class HoldClock {

    private static final Logger LOG = LoggerFactory.getLogger(HoldClock.class);

    /** How often it looks for more while it is frozen: tasks that ran go back to those that wait. */
    private static final Duration AGAIN = Duration.ofSeconds(1);

    private final Duration holdTime;
    private final Supplier<Mono<Void>> freeze;
    private final AtomicInteger renewals = new AtomicInteger();
    private final Disposable.Swap timer = Disposables.swap();
    private volatile boolean warned;

    /**
     * @param holdTime for how long after the remote was asked our tasks are ours
     * @param freeze takes them out of reach
     */
    HoldClock(Duration holdTime, Supplier<Mono<Void>> freeze) {
        this.holdTime = holdTime;
        this.freeze = freeze;
    }

    /** Freezes now, and until the remote answers: nobody knows how long ago the last sync was. */
    Mono<Void> freeze() {
        return Mono.defer(() -> {
            int renewal = renewals.get();
            return freeze.get().doFinally(signal -> {
                if (renewals.get() == renewal) {
                    expireIn(AGAIN);
                }
            });
        });
    }

    /** The remote has answered what it was asked at that {@link System#nanoTime()}: the time begins anew there. */
    void renew(long asked) {
        renewals.incrementAndGet();
        expireIn(left(asked));
    }

    /** How much of the time is left for what was asked then. */
    Duration left(long asked) {
        Duration left = holdTime.minusNanos(System.nanoTime() - asked);
        return left.isNegative() ? Duration.ZERO : left;
    }

    private void expireIn(Duration wait) {
        timer.update(Schedulers.single().schedule(this::expire, wait.toMillis(), TimeUnit.MILLISECONDS));
    }

    private void expire() {
        freeze().subscribe(null, this::failed, () -> warned = false);
    }

    /** Says it once, for it is tried again every second. */
    private void failed(Throwable error) {
        if (!warned) {
            warned = true;
            LOG.warn(
                    "the tasks of a replica that has not synced for {} could not be put out of reach", holdTime, error);
        }
    }

    /** A pause of about that many nanoseconds within a sync, so short that what is held stays so meanwhile. */
    Duration pause(long nanos) {
        return Duration.ofNanos(Math.min(nanos, holdTime.toNanos() / 4));
    }

    /** Ends the watch. */
    void stop() {
        timer.dispose();
    }
}
