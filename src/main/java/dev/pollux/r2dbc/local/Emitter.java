package dev.pollux.r2dbc.local;

import dev.pollux.r2dbc.transport.FreeThreads;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Scheduler;
import reactor.util.concurrent.Queues;
import reactor.util.context.Context;

/**
 * Brings a session's signals to their subscribers, in order, on a thread of {@link FreeThreads}. Signals that come close
 * together share one hop: the thread goes on as long as there are more, or may be in a moment, but every now and then
 * lets the scheduler's other tasks run.
 *
 * <p>A subscriber may take its time, or may even block, and must not keep the others from their signals: then somebody
 * who watches, the session thread, has another thread take over. So signals come one at a time unless one takes long, and
 * a publisher that emits more than one sees to their order itself.
 *
 * <p>Races: {@code shift} names who takes signals from the queue. A signal that is queued while there is a shift is found
 * by it, which looks again after it has ended, or by the one that relieves it. A shift and whoever relieves it decide by
 * {@link Shift#at} which of them goes on.
 */
final class Emitter {

    private static final long SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    /** How long a subscriber may keep others waiting: far longer than waking a thread takes. */
    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private static final int SIGNALS_PER_CLOCK = 16;

    private final Queue<Runnable> signals =
            Queues.<Runnable>unboundedMultiproducer().get();
    private final AtomicReference<@Nullable Shift> shift = new AtomicReference<>();
    private final Spin spin;
    private final Runnable watcher;

    // What the watcher has seen, and when first.
    private @Nullable Shift watched;
    private int watchedAt;
    private long watchedSince;

    /**
     * An emitter without signals.
     *
     * @param watcher run when a signal is queued behind others, and somebody should call {@link #watch}
     */
    Emitter(Spin spin, Runnable watcher) {
        this.spin = spin;
        this.watcher = watcher;
    }

    /** Queues a signal. Callable from any thread; never runs it here. */
    void emit(Runnable signal) {
        signals.add(signal);
        if (!begin()) {
            watcher.run();
        }
    }

    private boolean begin() {
        if (shift.get() != null) {
            return false;
        }
        Shift next = new Shift();
        if (!shift.compareAndSet(null, next)) {
            return false;
        }
        next.start();
        return true;
    }

    /**
     * Has another thread take over if one signal has kept others waiting for long. Always called by the same thread.
     *
     * @return in how many nanoseconds to call it again, or 0 if no signal waits
     */
    long watch() {
        Shift now = shift.get();
        if (now == null || signals.isEmpty()) {
            watched = null;
            return 0;
        }
        int at = now.at.get();
        if (now != watched || at != watchedAt) {
            watched = now;
            watchedAt = at;
            watchedSince = System.nanoTime();
            return PATIENCE_NANOS;
        }
        long left = PATIENCE_NANOS - (System.nanoTime() - watchedSince);
        if (left > 0) {
            return left;
        }
        if (now.yields(at)) {
            Shift next = new Shift();
            shift.set(next);
            next.start();
        }
        return PATIENCE_NANOS;
    }

    /** One thread's time at the queue. */
    private final class Shift implements Runnable {

        private static final int RELIEVED = -1;

        private final Scheduler.Worker worker = FreeThreads.scheduler().createWorker();
        /** Counts up: odd while others' code has the thread, and another may take over. */
        private final AtomicInteger at = new AtomicInteger();

        void start() {
            handOut();
            worker.schedule(this);
        }

        private void handOut() {
            at.lazySet(at.get() + 1);
        }

        /** Whether the thread, which is back from others' code, goes on. */
        private boolean resumes() {
            int now = at.get();
            return now != RELIEVED && at.compareAndSet(now, (now + 1) & Integer.MAX_VALUE);
        }

        boolean yields(int since) {
            return (since & 1) == 1 && at.compareAndSet(since, RELIEVED);
        }

        @Override
        public void run() {
            if (!resumes()) {
                return;
            }
            long start = System.nanoTime();
            do {
                Runnable signal = signals.poll();
                for (int i = 1; signal != null; i++) {
                    handOut();
                    emit(signal);
                    if (!resumes()) {
                        return;
                    }
                    signal = i < SIGNALS_PER_CLOCK ? signals.poll() : null;
                }
                if (System.nanoTime() - start > SLICE_NANOS) {
                    start();
                    return;
                }
            } while (spin.fills(signals));
            shift.set(null);
            if (!signals.isEmpty()) {
                begin();
            }
        }

        private void emit(Runnable signal) {
            try {
                signal.run();
            } catch (Throwable e) {
                // A subscriber that throws must not cost other subscribers their signals.
                Operators.onErrorDropped(e, Context.empty());
            }
        }
    }
}
