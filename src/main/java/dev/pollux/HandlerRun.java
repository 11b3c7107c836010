package dev.pollux;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.Exceptions;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.util.context.Context;

/**
 * One run of a handler, whose end is stored whatever it is. It stands where a chain of ten operators could, because every
 * task passes here.
 *
 * <p>Race: a cancel before the handler ended cancels the handler and gives the lease back; after that the outcome is
 * stored whether anybody still waits for it or not. {@code ended} decides, for if the cancel won, the lease is on its way
 * back and the outcome must not touch the next one.
 */
final class HandlerRun<T, R> extends BaseSubscriber<R> {

    private final Task<T> task;
    private final Lease lease;
    private final Acknowledger acknowledger;
    private final Locker locker;
    private final MonoSink<Outcome<R>> sink;
    private final AtomicBoolean ended = new AtomicBoolean();
    private @Nullable R last;

    HandlerRun(Task<T> task, Acknowledger acknowledger, Locker locker, MonoSink<Outcome<R>> sink) {
        this.task = task;
        this.lease = Lease.of(task);
        this.acknowledger = acknowledger;
        this.locker = locker;
        this.sink = sink;
    }

    /** Begins, unless the task has waited until its lease was lost. */
    void start(Function<? super Task<T>, ? extends Publisher<? extends R>> handler) {
        sink.onCancel(this::abandon);
        if (locker.mayBegin(lease)) {
            begin(handler);
            return;
        }
        locker.confirm(task).subscribe(ours -> {
            if (ours) {
                begin(handler);
            } else if (ended.compareAndSet(false, true)) {
                sink.success();
            }
        });
    }

    /** Whatever a handler throws is its outcome, also an Error that Reactor would throw on, past the stream. */
    private void begin(Function<? super Task<T>, ? extends Publisher<? extends R>> handler) {
        if (ended.get()) {
            return;
        }
        try {
            Flux.<R>from(handler.apply(task)).subscribe(this);
        } catch (Throwable e) {
            end(Exceptions.unwrap(e));
        }
    }

    private void abandon() {
        if (ended.compareAndSet(false, true)) {
            try {
                cancel();
            } catch (Throwable e) {
                // It must keep neither this lease nor the other handlers of the pipeline from their cancel.
                Fault.drop(e, currentContext());
            }
            locker.giveBack(lease, "its handler was cancelled");
        }
    }

    @Override
    public Context currentContext() {
        return Context.of(sink.contextView());
    }

    @Override
    protected void hookOnNext(R value) {
        last = value;
    }

    @Override
    protected void hookOnComplete() {
        end(null);
    }

    @Override
    protected void hookOnError(Throwable error) {
        end(error);
    }

    private void end(@Nullable Throwable error) {
        if (ended.compareAndSet(false, true)) {
            Mono<Outcome<R>> stored = error == null ? acknowledger.done(task, last) : acknowledger.failed(task, error);
            stored.subscribe(
                    sink::success,
                    notStored -> {
                        locker.lost(task, "ack", notStored);
                        sink.success();
                    },
                    sink::success);
        } else if (error != null) {
            Fault.drop(error, currentContext());
        }
    }
}
