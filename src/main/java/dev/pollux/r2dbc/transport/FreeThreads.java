package dev.pollux.r2dbc.transport;

import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.scheduler.NonBlocking;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Threads that bring answers to callers. Callers must not block them, as they must not block Reactor's parallel threads;
 * but if one does, or computes for long, it keeps nobody else's answer waiting: what comes next takes a thread that is
 * free, or a new one. Of the parallel threads there are a few, and a task may wait for one that is not free.
 */
public final class FreeThreads {

    private static final int IDLE_SECONDS = 10;

    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private static final Scheduler SCHEDULER = Schedulers.fromExecutor(new ThreadPoolExecutor(
            0, Integer.MAX_VALUE, IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), FreeThread::new));

    private FreeThreads() {}

    /** Runs each task at once. Tasks of one worker are not kept in order: for publishers, which see to that themselves. */
    public static Scheduler scheduler() {
        return SCHEDULER;
    }

    private static final class FreeThread extends Thread implements NonBlocking {

        FreeThread(Runnable task) {
            super(task, "pollux-answers-" + NUMBERS.incrementAndGet());
            setDaemon(true);
        }
    }
}
