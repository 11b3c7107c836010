package dev.pollux;

import java.util.function.Consumer;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoOperator;
import reactor.util.context.Context;

/**
 * Passes an outcome on, and tells of a pipeline that throws at it: Reactor's operators let an Error of the JVM through,
 * and are broken for good then. Such a pipeline asks for nothing more, hears of nothing and cannot be cancelled, and
 * its poll would hold its leases for ever.
 */
final class OutcomeMono<R> extends MonoOperator<Outcome<R>, Outcome<R>> {

    private final Consumer<Throwable> onBroken;

    OutcomeMono(Mono<Outcome<R>> source, Consumer<Throwable> onBroken) {
        super(source);
        this.onBroken = onBroken;
    }

    @Override
    public void subscribe(CoreSubscriber<? super Outcome<R>> actual) {
        source.subscribe(new CoreSubscriber<Outcome<R>>() {
            @Override
            public Context currentContext() {
                return actual.currentContext();
            }

            @Override
            public void onSubscribe(Subscription subscription) {
                actual.onSubscribe(subscription);
            }

            @Override
            public void onNext(Outcome<R> outcome) {
                guarded(() -> actual.onNext(outcome));
            }

            @Override
            public void onError(Throwable error) {
                actual.onError(error);
            }

            @Override
            public void onComplete() {
                guarded(actual::onComplete);
            }

            private void guarded(Runnable signal) {
                try {
                    signal.run();
                } catch (Throwable e) {
                    onBroken.accept(e);
                    Fault.drop(e, currentContext());
                }
            }
        });
    }
}
