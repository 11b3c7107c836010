package dev.pollux;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;

/**
 * Wakes the idle polls of one storage: when tasks were pushed in this JVM, and otherwise after a look at the database
 * each poll interval, or earlier when the next task is due or the database's file changes. The look is one indexed
 * read, shared by all idle polls; while none is idle there is no timer and no look.
 *
 * <p>Races: a ring or a change between a poll's empty fetch and its {@link #await} is not lost, because the poll passes
 * what it knew before the fetch. A waiter is woken once: whoever removes it from the set runs it.
 */
final class Doorbell {

    /** Due times are whole seconds: a poll that looks at least so often need not know the next one. */
    private static final Duration FINE_ENOUGH = Duration.ofSeconds(1);

    private final Duration interval;
    private final Supplier<Mono<Duration>> nextDue;
    private final AtomicLong rings = new AtomicLong();
    private final AtomicLong changes = new AtomicLong();
    private final Set<Runnable> waiters = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean ticking = new AtomicBoolean();
    private final AtomicInteger calls = new AtomicInteger();
    private final Disposable.Swap timer = Disposables.swap();

    /**
     * Starts with nobody waiting and no timer.
     *
     * @param interval the longest time between two looks
     * @param nextDue the look: in how long the queue's next task is due (not positive: now), empty if none waits
     */
    Doorbell(Duration interval, Supplier<Mono<Duration>> nextDue) {
        this.interval = interval;
        this.nextDue = nextDue;
    }

    /** What has happened up to a moment. */
    record Known(long rings, long changes) {}

    /** What has happened so far. */
    Known known() {
        return new Known(rings.get(), changes.get());
    }

    /** Wakes everybody who waits. */
    void ring() {
        rings.incrementAndGet();
        for (Runnable waiter : List.copyOf(waiters)) {
            if (waiters.remove(waiter)) {
                waiter.run();
            }
        }
    }

    /**
     * Waits for the next ring.
     *
     * @param known what had happened before the caller last looked for tasks; if it rang since, {@code wake} runs at once
     * @param wake run once, unless the wait is disposed of before
     */
    Disposable await(Known known, Runnable wake) {
        // A fresh object, so that the same method reference given twice makes two waiters.
        Runnable waiter = new Runnable() {
            @Override
            public void run() {
                wake.run();
            }
        };
        waiters.add(waiter);
        if (rings.get() != known.rings()) {
            if (waiters.remove(waiter)) {
                wake.run();
            }
        } else {
            if (ticking.compareAndSet(false, true)) {
                tickIn(interval);
            }
            if (changes.get() != known.changes()) {
                lookNow();
            } else {
                dueTimeMayHaveChanged();
            }
        }
        return () -> waiters.remove(waiter);
    }

    /** The database changed: looks now rather than at the end of the interval, if anybody waits. */
    void changed() {
        changes.incrementAndGet();
        lookNow();
    }

    private void lookNow() {
        if (!waiters.isEmpty() && calls.getAndIncrement() == 0) {
            answerCalls();
        }
    }

    /** One look for all calls that came before it, and another for those that came meanwhile. */
    private void answerCalls() {
        int known = calls.get();
        nextDue.get()
                .doFinally(signal -> {
                    if (!calls.compareAndSet(known, 0)) {
                        answerCalls();
                    }
                })
                .subscribe(this::ringIfDue, error -> ring());
    }

    /** Learns the next due time, where the interval is too long to do without. A task that is due now can wait for it. */
    void dueTimeMayHaveChanged() {
        if (interval.compareTo(FINE_ENOUGH) > 0 && !waiters.isEmpty()) {
            nextDue.get()
                    .filter(wait -> !isDue(wait) && wait.compareTo(interval) < 0)
                    // What is wrong shows at the next tick, to a poll that knows what to do.
                    .subscribe(this::tickIn, error -> {});
        }
    }

    private void tickIn(Duration wait) {
        timer.update(Timers.scheduler().schedule(this::tick, wait.toMillis(), TimeUnit.MILLISECONDS));
    }

    private void tick() {
        if (waiters.isEmpty()) {
            ticking.set(false);
            if (waiters.isEmpty() || !ticking.compareAndSet(false, true)) {
                return;
            }
        }
        nextDue.get()
                .doOnNext(this::ringIfDue)
                .map(wait -> wait.compareTo(interval) < 0 && !isDue(wait) ? wait : interval)
                .defaultIfEmpty(interval)
                // Whatever went wrong, a woken poll meets it in its own fetch, and knows what to do.
                .onErrorResume(error -> {
                    ring();
                    return Mono.just(interval);
                })
                .subscribe(this::tickIn);
    }

    private void ringIfDue(Duration wait) {
        if (isDue(wait)) {
            ring();
        }
    }

    private static boolean isDue(Duration wait) {
        return wait.isNegative() || wait.isZero();
    }
}
