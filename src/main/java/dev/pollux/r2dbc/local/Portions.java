package dev.pollux.r2dbc.local;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;

/**
 * The rest of a reading call's rows. Each portion requested is read from the cursor on the session thread, one at a
 * time and none ahead, and emitted on a parallel scheduler thread. Cancelling interrupts the read and closes the
 * cursor. Reads go straight to the thread, not through the session's line: work in that line may wait for a writer
 * that in turn waits for these rows.
 *
 * <p>Races: {@code reading} lets one read be under way. Demand that arrives while it is set is found by the read's own
 * thread, which looks again after it has cleared it.
 */
final class Portions {

    private final SessionThread thread;
    private final Emitter emitter;
    private final WorkRunner runner;
    private final Cursor cursor;
    private final FluxSink<List<@Nullable Object[]>> sink;
    private final AtomicBoolean reading = new AtomicBoolean();

    private Portions(
            SessionThread thread,
            Emitter emitter,
            WorkRunner runner,
            Cursor cursor,
            FluxSink<List<@Nullable Object[]>> sink) {
        this.thread = thread;
        this.emitter = emitter;
        this.runner = runner;
        this.cursor = cursor;
        this.sink = sink;
    }

    /** The rows that the cursor has left, for one subscriber. */
    static Flux<List<@Nullable Object[]>> of(SessionThread thread, Emitter emitter, WorkRunner runner, Cursor cursor) {
        AtomicBoolean subscribed = new AtomicBoolean();
        return Flux.create(sink -> {
            if (subscribed.getAndSet(true)) {
                sink.error(new IllegalStateException("the rows of a result can be read once"));
                return;
            }
            Portions portions = new Portions(thread, emitter, runner, cursor, sink);
            sink.onDispose(portions::close);
            sink.onRequest(n -> portions.readIfWanted());
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

    private void readIfWanted() {
        if (sink.requestedFromDownstream() > 0 && !sink.isCancelled() && !reading.getAndSet(true)) {
            if (!thread.execute(this::read)) {
                fail(runner.closed());
            }
        }
    }

    private void read() {
        try {
            Prepared.Portion portion = runner.read(cursor);
            emitter.emit(() -> emit(portion));
        } catch (Throwable e) {
            fail(e);
        }
    }

    private void emit(Prepared.Portion portion) {
        if (!portion.rows().isEmpty()) {
            sink.next(portion.rows());
        }
        if (portion.last()) {
            sink.complete();
            return;
        }
        reading.set(false);
        readIfWanted();
    }

    private void fail(Throwable error) {
        emitter.emit(() -> sink.error(error));
    }

    private void close() {
        cursor.stoppable().stop(Stoppable.Reason.CANCELLED);
        thread.execute(cursor::close); // refused: closing the session closes the cursor
    }
}
