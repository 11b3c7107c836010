package dev.pollux;

import java.util.function.Function;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;

/** Leased tasks for ever: each subscription is a worker of its own, driven by a {@link PollSubscription}. */
final class PollFlux<T> extends Flux<Task<T>> {

    private final Function<CoreSubscriber<? super Task<T>>, PollSubscription<T>> subscriptions;

    PollFlux(Function<CoreSubscriber<? super Task<T>>, PollSubscription<T>> subscriptions) {
        this.subscriptions = subscriptions;
    }

    @Override
    public void subscribe(CoreSubscriber<? super Task<T>> actual) {
        PollSubscription<T> subscription = subscriptions.apply(actual);
        actual.onSubscribe(subscription);
        subscription.begin();
    }
}
