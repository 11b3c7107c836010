package dev.pollux.stacks;

import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What an application does in transactions. */
class ThingService {

    private final Things things;

    ThingService(Things things) {
        this.things = things;
    }

    @Transactional
    public Mono<Void> saveAll(String... names) {
        return Flux.fromArray(names)
                .concatMap(name -> things.save(Thing.named(name)))
                .then();
    }

    @Transactional(propagation = Propagation.NESTED)
    public Mono<Void> saveAllNested(String... names) {
        return saveAll(names);
    }

    @Transactional(readOnly = true)
    public Mono<Long> countAndSave(String name) {
        return things.count().delayUntil(count -> things.save(Thing.named(name)));
    }

    @Transactional(readOnly = true)
    public Mono<Long> count() {
        return things.count();
    }

    @Transactional(timeout = 1)
    public Mono<Void> saveWithinASecond(String name) {
        return things.save(Thing.named(name)).then();
    }
}
