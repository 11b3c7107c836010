package dev.pollux.r2dbc.local;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;

/**
 * The rest of a reading call's rows. Portions are read from the cursor by the session's worker, one at a time and at most
 * one ahead: while one is being consumed, the next is read. They are emitted, as they are asked for, on a thread of
 * {@link FreeThreads}. Cancelling interrupts the read and closes the cursor. Reads go straight to the worker, not through
 * the session's line: work in that line may wait for a writer that in turn waits for these rows.
 *
 * <p>Races: a portion, an error and demand may be emitted by two threads, if the subscriber takes
 * long. Everything but the read itself is done in {@link #deliver}, by one of them at a time, which looks again if the
 * other came meanwhile.
 */
final class Portions {

    private final SessionThreads threads;
    private final WorkRunner runner;
    private final Cursor cursor;
    private final FluxSink<List<@Nullable Object[]>> sink;
    private final AtomicInteger missed = new AtomicInteger();
    private boolean begun;
    private volatile Prepared.@Nullable Portion ahead;
    private volatile @Nullable Throwable failure;

    private Portions(
            SessionThreads threads, WorkRunner runner, Cursor cursor, FluxSink<List<@Nullable Object[]>> sink) {
        this.threads = threads;
        this.runner = runner;
        this.cursor = cursor;
        this.sink = sink;
    }

    /** The rows that the cursor has left, for one subscriber. */
    static Flux<List<@Nullable Object[]>> of(SessionThreads threads, WorkRunner runner, Cursor cursor) {
        AtomicBoolean subscribed = new AtomicBoolean();
        return Flux.create(sink -> {
            if (subscribed.getAndSet(true)) {
                sink.error(new IllegalStateException("the rows of a result can be read once"));
                return;
            }
            Portions portions = new Portions(threads, runner, cursor, sink);
            sink.onDispose(portions::close);
            sink.onRequest(n -> threads.emit(portions::deliver));
        });
    }

    /** Closes the cursor of rows that nobody will read. */
    static void abandon(Flux<List<@Nullable Object[]>> rows) {
        rows.subscribe(new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                subscription.cancel();
            }
        });
    }

    private void readOn() {
        if (!threads.execute(this::read)) {
            failed(runner.closed());
        }
    }

    private void read() {
        try {
            Prepared.Portion portion = runner.read(cursor);
            threads.emit(() -> {
                ahead = portion;
                deliver();
            });
        } catch (Throwable e) {
            failed(e);
        }
    }

    private void failed(Throwable error) {
        threads.emit(() -> {
            failure = error;
            deliver();
        });
    }

    private void deliver() {
        if (missed.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        do {
            try {
                emitNext();
            } catch (Throwable e) {
                // The subscriber broke its rules: what comes later, a cancel too, must still find its way.
                missed.set(0);
                throw e;
            }
            seen = missed.addAndGet(-seen);
        } while (seen != 0);
    }

    /** Emits what is there, if it was asked for. An error waits its turn too: it must not overtake rows. */
    private void emitNext() {
        if (sink.requestedFromDownstream() == 0 || sink.isCancelled()) {
            return;
        }
        if (!begun) {
            begun = true;
            readOn();
        }
        Prepared.Portion portion = ahead;
        ahead = null;
        if (portion != null) {
            emit(portion);
        } else if (failure != null) {
            sink.error(failure);
        }
    }

    private void emit(Prepared.Portion portion) {
        if (!portion.last()) {
            readOn();
        }
        if (!portion.rows().isEmpty()) {
            sink.next(portion.rows());
        }
        if (portion.last()) {
            sink.complete();
        }
    }

    private void close() {
        cursor.stoppable().stop(Stoppable.Reason.CANCELLED);
        threads.execute(cursor::close); // refused: closing the session closes the cursor
    }
}
