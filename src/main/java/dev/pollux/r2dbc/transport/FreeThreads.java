package dev.pollux.r2dbc.transport;

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

    private static final int MOST = 10_000;
    private static final int IDLE_SECONDS = 3;

    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private static final Scheduler ELASTIC = start();
    /** A worker of Reactor's elastic scheduler would keep a thread between its tasks, and others out. */
    private static final Scheduler SCHEDULER = Schedulers.fromExecutor(ELASTIC::schedule);

    private FreeThreads() {}

    /** Runs each task at once. Tasks of one worker are not kept in order: for publishers, which see to that themselves. */
    public static Scheduler scheduler() {
        return SCHEDULER;
    }

    /** Runs a task after so many nanoseconds of real time, also where Reactor's other schedulers have virtual time. */
    public static void later(Runnable task, long nanos) {
        ELASTIC.schedule(task, nanos, TimeUnit.NANOSECONDS);
    }

    private static Scheduler start() {
        // Not Schedulers' own factory: virtual time, if it is there at the moment, would be there for ever.
        Scheduler elastic =
                new Schedulers.Factory() {}.newBoundedElastic(MOST, Integer.MAX_VALUE, FreeThread::new, IDLE_SECONDS);
        elastic.init();
        return elastic;
    }

    private static final class FreeThread extends Thread implements NonBlocking {

        FreeThread(Runnable task) {
            super(task, "pollux-answers-" + NUMBERS.incrementAndGet());
            setDaemon(true);
        }
    }
}
