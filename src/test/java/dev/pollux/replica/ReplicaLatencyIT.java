package dev.pollux.replica;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.TaskId;
import dev.pollux.Worker;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** How soon replicas that sync in the background hear of each other. */
class ReplicaLatencyIT extends SyncedSites {

    private static final ReplicaConfig IN_THE_BACKGROUND =
            ReplicaConfig.builder().syncInterval(Duration.ofSeconds(2)).build();

    /**
     * Of the sync that was under way when the outcome was reached, of one that came before the other replica had sent it, and of the
     * page with it that the next one hears: two intervals.
     */
    private static final int MOST_STATUSES_AFTER_THE_END = 3;

    @Test
    void theOutcomeOfATaskThatRanElsewhereIsHereWithinTwoIntervals() {
        Site a = site("a", IN_THE_BACKGROUND);
        Site b = site("b", IN_THE_BACKGROUND);
        AtomicInteger statuses = new AtomicInteger();
        AtomicInteger statusesAtTheEnd = new AtomicInteger(-1);
        Disposable worker = b.storage
                .poll(Worker.named("worker"))
                .transform(b.storage.lock())
                .flatMap(b.storage.ack(task -> Mono.just(task.args())))
                .subscribe(outcome -> statusesAtTheEnd.set(statuses.get()));
        a.replica.status().filter(ReplicaStatus::online).blockFirst(Site.WAIT);
        b.replica.status().filter(ReplicaStatus::online).blockFirst(Site.WAIT);

        TaskId id = a.push("one");
        a.replica
                .status()
                .skip(1)
                .doOnNext(status -> statuses.incrementAndGet())
                .publishOn(Schedulers.boundedElastic())
                .filter(status -> "Done pollux-remote".equals(a.status(id)))
                .blockFirst(Site.WAIT);

        assertThat(statusesAtTheEnd.get()).as("it has run").isNotNegative();
        assertThat(statuses.get() - statusesAtTheEnd.get()).isBetween(1, MOST_STATUSES_AFTER_THE_END);
        worker.dispose();
        b.file.becomes("SELECT count(*) FROM Workers WHERE id LIKE 'worker%'", 0L, Flux.interval(Duration.ofMillis(10)))
                .block(Site.WAIT);
    }
}
