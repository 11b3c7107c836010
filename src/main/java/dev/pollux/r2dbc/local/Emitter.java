package dev.pollux.r2dbc.local;

import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.util.concurrent.Queues;
import reactor.util.context.Context;

/**
 * Brings a session's signals to their subscribers, in order and one at a time, on a parallel scheduler thread. Signals
 * that come close together share one hop: the thread goes on as long as there are more, or may be in a moment, but every
 * now and then lets the scheduler's other tasks run.
 *
 * <p>Races: {@code emitting} lets one thread emit. A signal that is queued while it is set is found by that thread,
 * which looks again after it has cleared it. Only that thread takes signals from the queue.
 */
final class Emitter {

    private static final long SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final int SIGNALS_PER_CLOCK = 16;

    private final Queue<Runnable> signals =
            Queues.<Runnable>unboundedMultiproducer().get();
    private final AtomicBoolean emitting = new AtomicBoolean();
    private final Spin spin;

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
            Scheduler.Worker worker = Schedulers.parallel().createWorker();
            worker.schedule(() -> drain(worker));
        }
    }

    private void drain(Scheduler.Worker worker) {
        long start = System.nanoTime();
        do {
            Runnable signal = signals.poll();
            for (int i = 1; signal != null; i++) {
                run(signal);
                signal = i < SIGNALS_PER_CLOCK ? signals.poll() : null;
            }
            if (System.nanoTime() - start > SLICE_NANOS) {
                worker.schedule(() -> drain(worker));
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
