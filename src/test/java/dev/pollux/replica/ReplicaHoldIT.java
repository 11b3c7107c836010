package dev.pollux.replica;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.Task;
import dev.pollux.TaskId;
import dev.pollux.Worker;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/** Tasks that wait behind a run while their hold ends. */
class ReplicaHoldIT extends SyncedSites {

    private static final ReplicaConfig HOLDS_FOR_TWO_SECONDS = ReplicaConfig.builder()
            .background(false)
            .syncInterval(Duration.ofMillis(10))
            .margin(ReplicaConfig.defaults().reenqueueOrphanedAfter().minusSeconds(2))
            .build();

    private final Queue<String> started = new ConcurrentLinkedQueue<>();
    private final Sinks.One<String> endOfTheRun = Sinks.one();

    private Mono<String> run(Task<String> task) {
        started.add(task.args());
        return task.args().equals("runs") ? endOfTheRun.asMono() : Mono.just(task.args());
    }

    private static void await(BooleanSupplier condition) {
        Flux.interval(Duration.ofMillis(10))
                .onBackpressureDrop()
                .publishOn(Schedulers.boundedElastic(), 1)
                .filter(tick -> condition.getAsBoolean())
                .blockFirst(Site.WAIT);
    }

    @Test
    void aTaskThatWaitsForAHandlerIsNotStartedOnceTheHoldIsOver() {
        Site a = site("a", HOLDS_FOR_TWO_SECONDS);
        a.push("runs");
        TaskId waits = a.push("waits");
        takeTo(a);
        Disposable worker = a.storage
                .poll(Worker.named("worker"))
                .transform(a.storage.lock())
                .flatMap(a.storage.ack(this::run), 1)
                .subscribe();
        await(() -> String.valueOf(a.status(waits)).startsWith("Running"));

        await(() -> a.file.number("SELECT hold_until FROM PolluxReplica") == 0);
        endOfTheRun.tryEmitValue("done");
        a.push("fresh");
        await(() -> started.contains("fresh"));

        assertThat(started).containsExactly("runs", "fresh");
        worker.dispose();
        await(() -> a.file.number("SELECT count(*) FROM Workers WHERE id LIKE 'worker%'") == 0);
    }
}
