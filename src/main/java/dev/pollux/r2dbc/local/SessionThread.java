package dev.pollux.r2dbc.local;

import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * The one thread on which a session calls SQLite. It parks while there is nothing to do.
 *
 * <p>Races: {@link #execute} against {@link #finish} is decided under the monitor. A task that was accepted runs before
 * the last one; a task that comes later is refused, and its caller must say so to whoever waits for it.
 *
 * <p>The queue is a plain one under this object's monitor: callers come on Reactor's threads, which may not park, as
 * they would on the lock of a blocking queue. The monitor is held for a few instructions only.
 */
final class SessionThread {

    private static final AtomicLong NUMBER = new AtomicLong();

    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private boolean finishing;
    private boolean ended; // only the thread itself looks

    private SessionThread() {}

    /** A thread that runs, and does not keep the JVM alive. */
    static SessionThread start() {
        SessionThread session = new SessionThread();
        Thread thread = new Thread(session::loop, "pollux-local-" + NUMBER.incrementAndGet());
        thread.setDaemon(true);
        thread.start();
        return session;
    }

    /**
     * Queues a task.
     *
     * @return whether it was accepted and will run
     */
    synchronized boolean execute(Runnable task) {
        if (finishing) {
            return false;
        }
        add(task);
        return true;
    }

    /** Queues the last task, after which the thread ends. Only the first call counts. */
    synchronized void finish(Runnable last) {
        if (finishing) {
            return;
        }
        finishing = true;
        add(() -> {
            ended = true;
            last.run();
        });
    }

    private synchronized void add(Runnable task) {
        tasks.add(task);
        notifyAll();
    }

    private synchronized Runnable take() {
        while (tasks.isEmpty()) {
            try {
                wait();
            } catch (InterruptedException e) {
                // The thread is ours and ends by finish() alone, so that SQLite is always closed.
            }
        }
        return tasks.remove();
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
