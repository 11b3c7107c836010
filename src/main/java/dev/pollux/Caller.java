package dev.pollux;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.MonoSink;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Who waits for a step's result.
 *
 * @param <R> what the step gives
 */
@FunctionalInterface
interface Caller<R> {

    /** Brings the result, or why there is none. */
    void told(@Nullable R result, @Nullable Throwable error);

    /** Where Reactor's hooks look for what belongs to the caller. */
    default ContextView context() {
        return Context.empty();
    }

    /** A publisher's subscriber. */
    record Subscribed<R>(MonoSink<R> sink) implements Caller<R> {

        @Override
        public void told(@Nullable R result, @Nullable Throwable error) {
            if (error != null) {
                sink.error(error);
            } else {
                sink.success(result);
            }
        }

        @Override
        public ContextView context() {
            return sink.contextView();
        }
    }
}
