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
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Wakes the idle polls of one storage: when tasks were pushed in this JVM, and otherwise after a look at the database
 * each poll interval, or earlier when the next task is due. The look is one indexed read, shared by all idle polls;
 * while none is idle there is no timer and no look.
 *
 * <p>Races: a ring between a poll's empty fetch and its {@link #await} is not lost, because the poll passes the number
 * of rings it knew before the fetch. A waiter is woken once: whoever removes it from the set runs it.
 */
final class Doorbell {

    private final Duration interval;
    private final Supplier<Mono<Duration>> nextDue;
    private final AtomicLong rings = new AtomicLong();
    private final Set<Runnable> waiters = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean looking = new AtomicBoolean();
    private final AtomicInteger calls = new AtomicInteger();

    /**
     * @param interval the longest time between two looks
     * @param nextDue the look: in how long the queue's next task is due (not positive: now), empty if none waits
     */
    Doorbell(Duration interval, Supplier<Mono<Duration>> nextDue) {
        this.interval = interval;
        this.nextDue = nextDue;
    }

    /** How often it rang so far. */
    long rings() {
        return rings.get();
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
     * @param known {@link #rings()} before the caller last looked for tasks; if it rang since, {@code wake} runs at once
     * @param wake run once, unless the wait is disposed of before
     */
    Disposable await(long known, Runnable wake) {
        // A fresh object, so that the same method reference given twice makes two waiters.
        Runnable waiter = new Runnable() {
            @Override
            public void run() {
                wake.run();
            }
        };
        waiters.add(waiter);
        if (rings.get() != known && waiters.remove(waiter)) {
            wake.run();
        } else if (looking.compareAndSet(false, true)) {
            lookIn(interval);
        }
        return () -> waiters.remove(waiter);
    }

    private void lookIn(Duration wait) {
        Schedulers.parallel().schedule(this::look, wait.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Looks now rather than at the end of the interval, if anybody waits: something changed the database. */
    void lookNow() {
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

    private void look() {
        if (waiters.isEmpty()) {
            looking.set(false);
            if (waiters.isEmpty() || !looking.compareAndSet(false, true)) {
                return;
            }
        }
        nextDue.get()
                .doOnNext(this::ringIfDue)
                .map(wait -> wait.compareTo(interval) < 0 && !ringsFor(wait) ? wait : interval)
                .defaultIfEmpty(interval)
                // Whatever went wrong, a woken poll meets it in its own fetch, and knows what to do.
                .onErrorResume(error -> {
                    ring();
                    return Mono.just(interval);
                })
                .subscribe(this::lookIn);
    }

    private void ringIfDue(Duration wait) {
        if (ringsFor(wait)) {
            ring();
        }
    }

    private static boolean ringsFor(Duration wait) {
        return wait.isNegative() || wait.isZero();
    }
}
