package dev.pollux.faults;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import reactor.core.Disposable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * The timers of the queue and the replica in this process, {@link Schedulers#single()}: they fire in their time, or at once if the
 * test lets time pass. What repeats is done once more then.
 */
final class HurriedTimers implements Scheduler {

    private final Scheduler inTime;
    private final Set<Timer> waiting = ConcurrentHashMap.newKeySet();

    private HurriedTimers(Scheduler inTime) {
        this.inTime = inTime;
    }

    /** Takes the place of the process' timers; to be called before there are any. */
    static HurriedTimers install() {
        HurriedTimers timers = new HurriedTimers(Schedulers.newSingle("timers", true));
        Schedulers.setFactory(new Schedulers.Factory() {
            @Override
            public Scheduler newSingle(ThreadFactory threads) {
                return timers;
            }
        });
        return timers;
    }

    /** Fires what is due by then. */
    void pass(Duration time) {
        long by = System.nanoTime() + time.toNanos();
        waiting.stream().filter(timer -> timer.due - by <= 0).forEach(inTime::schedule);
    }

    @Override
    public Disposable schedule(Runnable task) {
        return inTime.schedule(task);
    }

    @Override
    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
        Timer timer = new Timer(task, unit.toNanos(delay), false);
        return timer.startedBy(inTime.schedule(timer, delay, unit));
    }

    @Override
    public Disposable schedulePeriodically(Runnable task, long initialDelay, long period, TimeUnit unit) {
        Timer timer = new Timer(task, unit.toNanos(initialDelay), true);
        return timer.startedBy(inTime.schedulePeriodically(timer, initialDelay, period, unit));
    }

    @Override
    public Worker createWorker() {
        return inTime.createWorker();
    }

    @Override
    public void dispose() {
        inTime.dispose();
    }

    /** What does not repeat fires once, whichever comes first. */
    private final class Timer implements Runnable {
        private final Runnable task;
        private final long due;
        private final boolean repeats;

        private Timer(Runnable task, long delay, boolean repeats) {
            this.task = task;
            this.due = System.nanoTime() + delay;
            this.repeats = repeats;
            waiting.add(this);
        }

        private Disposable startedBy(Disposable later) {
            return () -> {
                waiting.remove(this);
                later.dispose();
            };
        }

        @Override
        public void run() {
            if (repeats || waiting.remove(this)) {
                task.run();
            }
        }
    }
}
