package dev.pollux.replica;

import java.util.concurrent.atomic.AtomicReference;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Lets work run one after the other, in the order in which it was subscribed. */
final class OneAtATime {

    private final AtomicReference<Mono<Void>> last = new AtomicReference<>(Mono.empty());

    /** The work, which begins when all that came before is over. */
    <V> Mono<V> next(Mono<V> work) {
        return Mono.defer(() -> {
            Sinks.Empty<Void> over = Sinks.empty();
            Mono<Void> before = last.getAndSet(over.asMono());
            return before.then(work)
                    // Who gives up waiting must not let the next one in before its turn.
                    .doFinally(signal -> before.subscribe(null, error -> {}, over::tryEmitEmpty));
        });
    }
}
