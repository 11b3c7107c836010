package dev.pollux.r2dbc;

import java.util.Queue;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.concurrent.Queues;
import reactor.util.context.Context;

/**
 * Passes a source on at its reader's pace, until {@link #bufferRest()} tells it to take all the rest at once and keep what
 * the reader has not asked for yet. So a cursor can be emptied while its reader waits for something that waits for the
 * cursor. Can be subscribed once.
 *
 * <p>Races: {@code buffering} is set before the subscription is looked at, and looked at after the subscription is set,
 * so one side sees the other; asking twice does no harm.
 */
final class BufferOnDemand<T> extends Flux<T> implements CoreSubscriber<T>, Subscription {

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<BufferOnDemand> WORK =
            AtomicIntegerFieldUpdater.newUpdater(BufferOnDemand.class, "work");

    @SuppressWarnings("UnusedVariable") // WORK reads it
    private volatile int work;

    @SuppressWarnings("rawtypes")
    private static final AtomicLongFieldUpdater<BufferOnDemand> REQUESTED =
            AtomicLongFieldUpdater.newUpdater(BufferOnDemand.class, "requested");

    private volatile long requested;

    private final Flux<? extends T> source;
    private final Queue<T> queue = Queues.<T>unbounded(16).get();
    private volatile @Nullable CoreSubscriber<? super T> reader;
    private volatile @Nullable Subscription upstream;
    private volatile boolean buffering;
    private volatile boolean cancelled;
    private volatile boolean done;
    private @Nullable Throwable error; // published by done

    BufferOnDemand(Flux<? extends T> source) {
        this.source = source;
    }

    /** Takes all the rest from the source, whatever the reader has asked for. */
    void bufferRest() {
        buffering = true;
        Subscription subscription = upstream;
        if (subscription != null) {
            subscription.request(Long.MAX_VALUE);
        }
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        reader = actual;
        source.subscribe(this);
    }

    @Override
    public Context currentContext() {
        CoreSubscriber<? super T> actual = reader;
        return actual == null ? Context.empty() : actual.currentContext();
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        upstream = subscription;
        CoreSubscriber<? super T> actual = reader;
        if (actual != null) {
            actual.onSubscribe(this);
        }
        if (buffering) {
            subscription.request(Long.MAX_VALUE);
        }
    }

    @Override
    public void request(long n) {
        if (Operators.validate(n)) {
            Operators.addCap(REQUESTED, this, n);
            Subscription subscription = upstream;
            if (subscription != null && !buffering) {
                subscription.request(n);
            }
            drain();
        }
    }

    @Override
    public void cancel() {
        cancelled = true;
        Subscription subscription = upstream;
        if (subscription != null) {
            subscription.cancel();
        }
        drain();
    }

    @Override
    public void onNext(T item) {
        queue.offer(item);
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

    private void drain() {
        CoreSubscriber<? super T> actual = reader;
        if (actual == null || WORK.getAndIncrement(this) != 0) {
            return;
        }
        int missed = 1;
        do {
            if (emit(actual)) {
                return; // ended: work stays above zero, so nobody enters again
            }
            missed = WORK.addAndGet(this, -missed);
        } while (missed != 0);
    }

    /** Emits what is there and asked for; true if that was the end. */
    private boolean emit(CoreSubscriber<? super T> actual) {
        long emitted = 0;
        while (true) {
            if (cancelled) {
                queue.clear();
                return true;
            }
            boolean last = done; // before the queue is looked at, for the source ends after its last item
            if (last && queue.isEmpty()) {
                end(actual);
                return true;
            }
            T item = emitted == requested ? null : queue.poll();
            if (item == null) {
                Operators.produced(REQUESTED, this, emitted);
                return false;
            }
            actual.onNext(item);
            emitted++;
        }
    }

    private void end(CoreSubscriber<? super T> actual) {
        Throwable cause = error;
        if (cause == null) {
            actual.onComplete();
        } else {
            actual.onError(cause);
        }
    }
}
