package dev.pollux.r2dbc.local;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Sees to it that something which must be freed, an open cursor or a session, reaches the subscriber or is freed.
 *
 * <p>Races: a cancel may come while the thing is on its way through Reactor's operators, not all of which discard what
 * they drop. Here it is decided under the monitor. What the subscriber had taken, having returned from {@code onNext} or
 * cancelling inside of it, stays the subscriber's. Everything else is freed, also when another thread cancels during
 * {@code onNext}, for then a subscriber may take the thing or drop it. What can still be lost is a thing whose delivery
 * has ended in the very instant of a cancel, if an operator further down took it and drops it without discarding it.
 */
final class Handover<T> {

    private final Consumer<T> free;
    private @Nullable T offered;
    private @Nullable Thread delivering;
    private boolean cancelled;

    Handover(Consumer<T> free) {
        this.free = free;
    }

    /** The thing exists. Called before it is published. */
    void offer(T thing) {
        synchronized (this) {
            if (!cancelled) {
                offered = thing;
                return;
            }
        }
        free.accept(thing);
    }

    /** Watches the last step to the subscriber. */
    <R> Flux<R> watch(Flux<R> published) {
        return published
                .doOnNext(signal -> delivering())
                .doOnCancel(this::cancelled)
                .doAfterTerminate(this::delivered);
    }

    /** Watches the last step to the subscriber. */
    <R> Mono<R> watch(Mono<R> published) {
        return published
                .doOnNext(signal -> delivering())
                .doOnCancel(this::cancelled)
                .doAfterTerminate(this::delivered);
    }

    private synchronized void delivering() {
        delivering = Thread.currentThread();
    }

    private synchronized void delivered() {
        offered = null;
    }

    private void cancelled() {
        T lost;
        synchronized (this) {
            cancelled = true;
            lost = delivering == Thread.currentThread() ? null : offered;
            offered = null;
        }
        if (lost != null) {
            free.accept(lost);
        }
    }
}
