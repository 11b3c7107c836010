package dev.pollux;

import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxOperator;
import reactor.core.publisher.Operators;
import reactor.util.concurrent.Queues;
import reactor.util.context.Context;

/**
 * Takes each task to Running before it is passed on, in order. Locks of tasks that arrive together share a turn of the
 * lane. A task whose lock fails is dropped, and another asked for in its place. Over a poll there is nothing to lock: its
 * fetches do.
 *
 * <p>It works ahead: besides what is asked of it, it asks for {@link #ROUNDS_AHEAD} times as many tasks as were ever asked
 * for at once, counting no more than {@code mostAhead} of those. So when handlers end, the next tasks are locked already,
 * and the fetch of those after them, with what locks it takes, goes out in the same turn as the acks: one turn a round
 * instead of two or three. A subscriber that asks for one at a time has three tasks ahead.
 */
final class LockFlux<T> extends FluxOperator<Task<T>, Task<T>> {

    /** A fetch is asked for in one turn, goes out in the next, and its tasks come while the one after that is under way. */
    private static final int ROUNDS_AHEAD = 3;

    private final Locker locker;
    private final int mostAhead;
    private final boolean locked;

    private LockFlux(Flux<? extends Task<T>> source, Locker locker, int mostAhead, boolean locked) {
        super(source);
        this.locker = locker;
        this.mostAhead = mostAhead;
        this.locked = locked;
    }

    /** Over a poll, with nothing between them, its fetches take the tasks to Running. */
    static <T> LockFlux<T> over(Flux<Task<T>> tasks, Locker locker, int mostAhead) {
        return tasks instanceof PollFlux<T> poll
                ? new LockFlux<>(poll.locked(), locker, mostAhead, true)
                : new LockFlux<>(tasks, locker, mostAhead, false);
    }

    @Override
    public void subscribe(CoreSubscriber<? super Task<T>> actual) {
        source.subscribe(new LockSubscriber<>(actual, locker, mostAhead, locked));
    }

    private enum Progress {
        LOCKING,
        LOCKED,
        DROPPED
    }

    /** A task on its way through, in the order of arrival. */
    private static final class Slot<T> {
        private final Task<T> task;
        private volatile Progress progress;

        private Slot(Task<T> task, Progress progress) {
            this.task = task;
            this.progress = progress;
        }
    }

    /**
     * Races: slots finish in any order and are emitted in theirs, by one thread at a time. A cancel against a lock that
     * succeeds: whoever takes the slot from the queue, or meets it after the cancel, gives the lease back.
     */
    private static final class LockSubscriber<T> implements CoreSubscriber<Task<T>>, Subscription {

        private final CoreSubscriber<? super Task<T>> actual;
        private final Locker locker;
        private final int mostAhead;
        private final boolean locked;
        private final AtomicLong requested = new AtomicLong();
        private final AtomicInteger ahead = new AtomicInteger();
        private final Queue<Slot<T>> slots = Queues.<Slot<T>>unbounded(16).get();
        private final AtomicInteger missed = new AtomicInteger();
        private @Nullable Subscription upstream;
        private @Nullable Throwable error;
        private volatile boolean done;
        private volatile boolean cancelled;

        LockSubscriber(CoreSubscriber<? super Task<T>> actual, Locker locker, int mostAhead, boolean locked) {
            this.actual = actual;
            this.locker = locker;
            this.mostAhead = mostAhead;
            this.locked = locked;
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            if (Operators.validate(upstream, subscription)) {
                upstream = subscription;
                actual.onSubscribe(this);
            }
        }

        @Override
        public Context currentContext() {
            return actual.currentContext();
        }

        @Override
        public void onNext(Task<T> task) {
            Slot<T> slot = new Slot<>(task, locked ? Progress.LOCKED : Progress.LOCKING);
            slots.add(slot);
            if (locked) {
                locker.tellLocked(task);
                drain();
            } else {
                locker.tryLock(task, ours -> finish(slot, ours ? Progress.LOCKED : Progress.DROPPED));
            }
        }

        private void finish(Slot<T> slot, Progress progress) {
            slot.progress = progress;
            drain();
        }

        @Override
        public void onError(Throwable cause) {
            error = cause;
            done = true;
            drain();
        }

        @Override
        public void onComplete() {
            done = true;
            drain();
        }

        @Override
        public void request(long n) {
            if (n <= 0) {
                // Upstream knows what to say.
                ask(n);
                return;
            }
            requested.getAndUpdate(before -> Operators.addCap(before, n));
            int target = ROUNDS_AHEAD * (int) Math.min(n, mostAhead);
            int before = ahead.getAndUpdate(known -> Math.max(known, target));
            ask(Operators.addCap(n, Math.max(0, target - before)));
            drain();
        }

        private void ask(long n) {
            Objects.requireNonNull(upstream).request(n);
        }

        @Override
        public void cancel() {
            cancelled = true;
            Objects.requireNonNull(upstream).cancel();
            drain();
        }

        private void drain() {
            if (missed.getAndIncrement() != 0) {
                return;
            }
            int seen = 1;
            Throwable thrown = null;
            do {
                try {
                    pass();
                } catch (Throwable e) {
                    // The subscriber broke its rules, or the JVM is in trouble: the drain must end all the same.
                    cancelled = true;
                    Objects.requireNonNull(upstream).cancel();
                    thrown = e;
                    missed.incrementAndGet();
                }
                seen = missed.addAndGet(-seen);
            } while (seen != 0);
            if (thrown != null) {
                throw Fault.unchecked(thrown);
            }
        }

        private void pass() {
            while (true) {
                boolean last = done;
                Slot<T> slot = slots.peek();
                if (slot == null) {
                    if (last && !cancelled) {
                        cancelled = true;
                        terminate();
                    }
                    return;
                }
                Progress progress = slot.progress;
                boolean passes = progress == Progress.LOCKED && !cancelled;
                if (progress == Progress.LOCKING || (passes && requested.get() == 0)) {
                    return;
                }
                slots.remove();
                if (passes) {
                    requested.getAndUpdate(wanted -> wanted == Long.MAX_VALUE ? wanted : wanted - 1);
                    actual.onNext(slot.task.withStatus(TaskStatus.RUNNING));
                } else if (progress == Progress.LOCKED) {
                    locker.giveBack(Lease.of(slot.task), "the pipeline was cancelled before it ran");
                } else if (!cancelled) {
                    ask(1);
                }
            }
        }

        private void terminate() {
            if (error != null) {
                actual.onError(error);
            } else {
                actual.onComplete();
            }
        }
    }
}
