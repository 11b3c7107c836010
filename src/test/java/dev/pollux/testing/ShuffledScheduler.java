package dev.pollux.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import reactor.core.Disposable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * All of Reactor's schedulers at once, on the thread that calls {@link #runUntil}: what is due is run in an order that
 * a seed chooses, and time goes on when nothing is. So each seed is another way in which the same things may happen.
 */
public final class ShuffledScheduler implements Scheduler {

    private final Random random;
    private final List<Planned> planned = new ArrayList<>();
    private long now;

    private ShuffledScheduler(Random random) {
        this.random = random;
    }

    /** Takes the place of Reactor's schedulers, until {@link Schedulers#resetFactory()}. */
    public static ShuffledScheduler install(Random random) {
        ShuffledScheduler shuffled = new ShuffledScheduler(random);
        Schedulers.setFactory(new Schedulers.Factory() {
            @Override
            public Scheduler newParallel(int parallelism, ThreadFactory threads) {
                return shuffled;
            }

            @Override
            public Scheduler newBoundedElastic(int threads, int tasks, ThreadFactory factory, int ttlSeconds) {
                return shuffled;
            }

            @Override
            public Scheduler newSingle(ThreadFactory threads) {
                return shuffled;
            }
        });
        return shuffled;
    }

    /** Something to be run. */
    private final class Planned implements Disposable {
        private final Runnable action;
        private final long period;
        private long due;
        private boolean disposed;

        private Planned(Runnable action, long due, long period) {
            this.action = action;
            this.due = due;
            this.period = period;
        }

        @Override
        public void dispose() {
            disposed = true;
            planned.remove(this);
        }

        @Override
        public boolean isDisposed() {
            return disposed;
        }
    }

    /** Runs an action at some moment among all that is going on. */
    public void someTime(Runnable action) {
        schedule(() -> {
            if (random.nextInt(10) == 0) {
                action.run();
            } else {
                someTime(action);
            }
        });
    }

    /** Runs until the condition holds; fails after that many steps, or if there is nothing more to run. */
    public void runUntil(BooleanSupplier condition, int steps) {
        for (int i = 0; !condition.getAsBoolean(); i++) {
            if (i == steps || planned.isEmpty()) {
                throw new AssertionError(
                        "after " + i + " steps, with " + planned.size() + " planned: it did not come to an end");
            }
            step();
        }
    }

    /** Runs what is due, and forgets what is not. */
    public void end() {
        while (planned.stream().anyMatch(action -> action.due <= now)) {
            step();
        }
        planned.clear();
    }

    private void step() {
        List<Planned> due = planned.stream().filter(action -> action.due <= now).toList();
        if (due.isEmpty()) {
            now = planned.stream().mapToLong(action -> action.due).min().orElse(now);
            return;
        }
        Planned next = due.get(random.nextInt(due.size()));
        if (next.period > 0) {
            next.due = now + next.period;
        } else {
            planned.remove(next);
        }
        next.action.run();
    }

    private Planned plan(Runnable action, long delay, long period) {
        Planned next = new Planned(action, now + Math.max(0, delay), period);
        planned.add(next);
        return next;
    }

    @Override
    public Disposable schedule(Runnable task) {
        return plan(task, 0, 0);
    }

    /** Of delays below a millisecond, which hang on how fast this machine is, none is waited for. */
    @Override
    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
        return plan(task, unit.toMillis(delay), 0);
    }

    @Override
    public Disposable schedulePeriodically(Runnable task, long delay, long period, TimeUnit unit) {
        return plan(task, unit.toMillis(delay), Math.max(1, unit.toMillis(period)));
    }

    @Override
    public long now(TimeUnit unit) {
        return unit.convert(now, TimeUnit.MILLISECONDS);
    }

    @Override
    public Worker createWorker() {
        return new Worker() {
            @Override
            public Disposable schedule(Runnable task) {
                return ShuffledScheduler.this.schedule(task);
            }

            @Override
            public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
                return ShuffledScheduler.this.schedule(task, delay, unit);
            }

            @Override
            public Disposable schedulePeriodically(Runnable task, long delay, long period, TimeUnit unit) {
                return ShuffledScheduler.this.schedulePeriodically(task, delay, period, unit);
            }

            @Override
            public void dispose() {
                // What was scheduled is disposed of by whoever scheduled it.
            }
        };
    }

    @Override
    public void dispose() {
        // It has no threads.
    }
}
