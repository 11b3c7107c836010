package dev.pollux;

import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;

/** Leased tasks for ever: each subscription is a worker of its own, driven by a {@link PollSubscription}. */
final class PollFlux<T> extends Flux<Task<T>> {

    private final LibsqlStorage<T> storage;
    private final Worker worker;
    private final TaskStatus status;

    /** A poll whose tasks are Queued. */
    PollFlux(LibsqlStorage<T> storage, Worker worker) {
        this(storage, worker, TaskStatus.QUEUED);
    }

    private PollFlux(LibsqlStorage<T> storage, Worker worker, TaskStatus status) {
        this.storage = storage;
        this.worker = worker;
        this.status = status;
    }

    /** The same poll with tasks that are Running already: of these, only as many are fetched as are asked for. */
    PollFlux<T> locked() {
        return new PollFlux<>(storage, worker, TaskStatus.RUNNING);
    }

    @Override
    public void subscribe(CoreSubscriber<? super Task<T>> actual) {
        PollSubscription<T> subscription = new PollSubscription<>(storage, worker, status, actual);
        actual.onSubscribe(subscription);
        subscription.begin();
    }
}
