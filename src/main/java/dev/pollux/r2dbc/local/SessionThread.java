package dev.pollux.r2dbc.local;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * The one thread on which a session calls SQLite. It parks while there is nothing to do.
 *
 * <p>Races: {@link #execute} against {@link #finish} is decided under the monitor. A task that was accepted runs before
 * the last one; a task that comes later is refused, and its caller must say so to whoever waits for it.
 */
final class SessionThread {

    private static final AtomicLong NUMBER = new AtomicLong();

    private final LinkedBlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
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
        return !finishing && tasks.add(task);
    }

    /** Queues the last task, after which the thread ends. Only the first call counts. */
    synchronized void finish(Runnable last) {
        if (finishing) {
            return;
        }
        finishing = true;
        tasks.add(() -> {
            ended = true;
            last.run();
        });
    }

    private void loop() {
        while (!ended) {
            Runnable task;
            try {
                task = tasks.take();
            } catch (InterruptedException e) {
                continue; // the thread is ours: it ends by finish() alone, so that SQLite is always closed
            }
            try {
                task.run();
            } catch (Throwable e) {
                // Tasks publish their own errors; one that gets here must not take the connection's thread with it.
                Operators.onErrorDropped(e, Context.empty());
            }
        }
    }
}
