package dev.pollux.r2dbc.local;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * The one thread on which a session calls SQLite. It parks while there is nothing to do. While a subscriber keeps the
 * session's signals from others, it looks now and then, and sees to it that another thread takes over.
 *
 * <p>Races: {@link #execute} against {@link #finish} is decided by the order of the queue. A task that is before the
 * last one runs; the caller of one that is behind it finds the thread finishing, takes it back and is refused, and must
 * say so to whoever waits for it. A task that comes while the thread is about to park is seen by the thread, which says
 * that it parks before it looks once more, or its caller sees that it parks, and wakes it.
 *
 * <p>The queue has no lock: callers come on Reactor's threads, which may not park.
 */
final class SessionThread {

    private static final AtomicLong NUMBER = new AtomicLong();

    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final Spin spin = new Spin();
    private final Emitter emitter = new Emitter(spin, this::wake);
    private volatile boolean finishing;
    private volatile boolean parked;
    private boolean ended; // only the thread itself looks
    private final Thread thread = new Thread(this::loop, "pollux-local-" + NUMBER.incrementAndGet());

    private SessionThread() {}

    /** A thread that runs, and does not keep the JVM alive. */
    static SessionThread start() {
        SessionThread session = new SessionThread();
        session.thread.setDaemon(true);
        session.thread.start();
        return session;
    }

    /**
     * Queues a task.
     *
     * @return whether it was accepted and will run
     */
    boolean execute(Runnable task) {
        if (finishing) {
            return false;
        }
        add(task);
        return !finishing || !tasks.remove(task);
    }

    /** Queues the last task, after which the thread ends. Only the first call counts. */
    void finish(Runnable last) {
        synchronized (this) {
            if (finishing) {
                return;
            }
            finishing = true;
        }
        add(() -> {
            ended = true;
            last.run();
        });
    }

    /** What brings the signals of the session to their subscribers. */
    Emitter emitter() {
        return emitter;
    }

    private void add(Runnable task) {
        tasks.add(task);
        wake();
    }

    private void wake() {
        if (parked) {
            LockSupport.unpark(thread);
        }
    }

    private Runnable take() {
        Runnable task = tasks.poll();
        while (task == null) {
            if (!spin.fills(tasks)) {
                park();
            }
            task = tasks.poll();
        }
        return task;
    }

    private void park() {
        parked = true;
        if (tasks.isEmpty()) {
            long nextLook = emitter.watch();
            if (nextLook > 0) {
                LockSupport.parkNanos(this, nextLook);
            } else {
                LockSupport.park(this);
            }
            // The thread is ours and ends by finish() alone, so that SQLite is always closed.
            Thread.interrupted();
        }
        parked = false;
    }

    private void loop() {
        while (!ended) {
            Runnable task = take();
            try {
                task.run();
            } catch (Throwable e) {
                // Tasks publish their own errors; one that gets here must not take the connection's thread with it.
                Operators.onErrorDropped(e, Context.empty());
            }
        }
    }
}
