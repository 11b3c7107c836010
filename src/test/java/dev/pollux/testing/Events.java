package dev.pollux.testing;

import dev.pollux.StorageEvent;
import dev.pollux.StorageListener;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Keeps what a storage told its listener, and lets a test wait for it. */
public final class Events implements StorageListener {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final List<StorageEvent> all = new CopyOnWriteArrayList<>();
    private final Sinks.Many<StorageEvent> sink = Sinks.many().replay().all();

    @Override
    public void onEvent(StorageEvent event) {
        all.add(event);
        sink.emitNext(event, Sinks.EmitFailureHandler.busyLooping(PATIENCE));
    }

    /** All events so far and to come. */
    public Flux<StorageEvent> flux() {
        return sink.asFlux();
    }

    /** The events of a kind so far. */
    public <E extends StorageEvent> List<E> of(Class<E> kind) {
        return all.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    /** The first event of a kind that fits, past or to come. */
    public <E extends StorageEvent> Mono<E> next(Class<E> kind, Predicate<? super E> fits) {
        return flux().ofType(kind).filter(fits).next().timeout(PATIENCE);
    }

    /** Waits for the first event of a kind that fits. */
    public <E extends StorageEvent> E await(Class<E> kind, Predicate<? super E> fits) {
        return next(kind, fits).blockOptional().orElseThrow();
    }

    /** Waits for the first event of a kind. */
    public <E extends StorageEvent> E await(Class<E> kind) {
        return await(kind, event -> true);
    }
}
