package dev.pollux.r2dbc.hrana;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.concurrent.Queues;
import reactor.util.context.Context;

/**
 * Passes portions of rows on at their reader's pace, until {@link #readOut()} tells it to take all the rest at once and
 * keep what the reader has not asked for yet. So a cursor can be emptied while its reader waits for something that waits
 * for the cursor. Can be subscribed once.
 *
 * <p>Races: {@code connected} lets either the reader or {@code readOut} subscribe to the source; what is asked of it before
 * it answers is added up in {@code upstream}.
 */
final class ReadAside extends Flux<List<@Nullable Object[]>> implements CoreSubscriber<List<@Nullable Object[]>> {

    /** How much is kept before it is called too much, roughly. */
    static final long MOST_BYTES = 64L * 1024 * 1024;

    private static final AtomicIntegerFieldUpdater<ReadAside> WORK =
            AtomicIntegerFieldUpdater.newUpdater(ReadAside.class, "work");

    @SuppressWarnings("UnusedVariable") // WORK reads it
    private volatile int work;

    private static final AtomicLongFieldUpdater<ReadAside> REQUESTED =
            AtomicLongFieldUpdater.newUpdater(ReadAside.class, "requested");

    private volatile long requested;

    private final Flux<List<@Nullable Object[]>> source;
    private final Supplier<? extends RuntimeException> tooMuch;
    private final Queue<List<@Nullable Object[]>> queue =
            Queues.<List<@Nullable Object[]>>unbounded(16).get();
    private final AtomicLong kept = new AtomicLong();
    private final AtomicBoolean connected = new AtomicBoolean();
    private final AtomicBoolean subscribed = new AtomicBoolean();
    private final Operators.DeferredSubscription upstream = new Operators.DeferredSubscription();
    private volatile @Nullable CoreSubscriber<? super List<@Nullable Object[]>> reader;
    private volatile boolean readingOut;
    private volatile boolean cancelled;
    private volatile boolean done;
    private @Nullable Throwable error; // published by done

    /**
     * Over the rows of a cursor.
     *
     * @param tooMuch makes the reader's error for when more than {@link #MOST_BYTES} would have to be kept
     */
    ReadAside(Flux<List<@Nullable Object[]>> source, Supplier<? extends RuntimeException> tooMuch) {
        this.source = source;
        this.tooMuch = tooMuch;
    }

    /** Takes all the rest from the source, whatever the reader has asked for. */
    void readOut() {
        readingOut = true;
        connect();
        upstream.request(Long.MAX_VALUE);
    }

    private void connect() {
        if (!connected.getAndSet(true)) {
            source.subscribe(this);
        }
    }

    @Override
    public void subscribe(CoreSubscriber<? super List<@Nullable Object[]>> actual) {
        if (subscribed.getAndSet(true)) {
            Operators.error(actual, new IllegalStateException("the rows of an answer can be read once"));
            return;
        }
        actual.onSubscribe(new Reading());
        reader = actual;
        connect();
        drain();
    }

    @Override
    public Context currentContext() {
        CoreSubscriber<? super List<@Nullable Object[]>> actual = reader;
        return actual == null ? Context.empty() : actual.currentContext();
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        upstream.set(subscription);
    }

    @Override
    public void onNext(List<@Nullable Object[]> rows) {
        if (done) {
            return; // it was on its way when the source was given up
        }
        queue.offer(rows);
        if (kept.addAndGet(Portion.bytes(rows)) > MOST_BYTES && readingOut) {
            upstream.cancel();
            error = tooMuch.get();
            done = true;
        }
        drain();
    }

    @Override
    public void onError(Throwable cause) {
        if (!done) {
            error = cause;
            done = true;
            drain();
        }
    }

    @Override
    public void onComplete() {
        done = true;
        drain();
    }

    private void drain() {
        CoreSubscriber<? super List<@Nullable Object[]>> actual = reader;
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
    private boolean emit(CoreSubscriber<? super List<@Nullable Object[]>> actual) {
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
            List<@Nullable Object[]> rows = emitted == requested ? null : queue.poll();
            if (rows == null) {
                Operators.produced(REQUESTED, this, emitted);
                return false;
            }
            kept.addAndGet(-Portion.bytes(rows));
            actual.onNext(rows);
            emitted++;
        }
    }

    private void end(CoreSubscriber<? super List<@Nullable Object[]>> actual) {
        Throwable cause = error;
        if (cause == null) {
            actual.onComplete();
        } else {
            actual.onError(cause);
        }
    }

    /** The reader's side. */
    private final class Reading implements Subscription {

        @Override
        public void request(long n) {
            if (Operators.validate(n)) {
                Operators.addCap(REQUESTED, ReadAside.this, n);
                upstream.request(n);
                drain();
            }
        }

        @Override
        public void cancel() {
            cancelled = true;
            connect(); // a source without a subscriber could not be told
            upstream.cancel();
            drain();
        }
    }

    /** What a portion weighs. */
    private static final class Portion {

        private static final int ROW = 16;
        private static final int VALUE = 24;

        private Portion() {}

        static long bytes(List<@Nullable Object[]> rows) {
            long bytes = 0;
            for (@Nullable Object[] row : rows) {
                bytes += ROW + (long) VALUE * row.length;
                for (Object value : row) {
                    if (value instanceof String text) {
                        bytes += text.length();
                    } else if (value instanceof byte[] blob) {
                        bytes += blob.length;
                    }
                }
            }
            return bytes;
        }
    }
}
