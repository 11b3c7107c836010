package dev.pollux.r2dbc.local;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.Context;

/**
 * Brings a session's signals to their subscribers, in order and one at a time, on a parallel scheduler thread. Signals
 * that come close together share one hop: the thread goes on as long as there are more, or may be in a moment, but every
 * now and then lets the scheduler's other tasks run.
 *
 * <p>Races: {@code emitting} lets one thread emit. A signal that is queued while it is set is found by that thread,
 * which looks again after it has cleared it.
 */
final class Emitter {

    private static final long SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final Queue<Runnable> signals = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean emitting = new AtomicBoolean();
    private final Spin spin;
    private Scheduler.Worker worker = Schedulers.parallel().createWorker(); // of whoever has set emitting

    Emitter(Spin spin) {
        this.spin = spin;
    }

    /** Queues a signal. Callable from any thread; never runs it here. */
    void emit(Runnable signal) {
        signals.add(signal);
        emitIfIdle();
    }

    private void emitIfIdle() {
        if (!emitting.get() && emitting.compareAndSet(false, true)) {
            worker = Schedulers.parallel().createWorker();
            worker.schedule(this::drain);
        }
    }

    private void drain() {
        long start = System.nanoTime();
        do {
            Runnable signal = signals.poll();
            while (signal != null) {
                run(signal);
                signal = signals.poll();
            }
            if (System.nanoTime() - start > SLICE_NANOS) {
                worker.schedule(this::drain);
                return;
            }
        } while (spin.fills(signals));
        emitting.set(false);
        if (!signals.isEmpty()) {
            emitIfIdle();
        }
    }

    private static void run(Runnable signal) {
        try {
            signal.run();
        } catch (Throwable e) {
            // A subscriber that throws must not cost other subscribers their signals.
            Operators.onErrorDropped(e, Context.empty());
        }
    }
}
