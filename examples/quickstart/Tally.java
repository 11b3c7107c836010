package quickstart;

import dev.pollux.Outcome;
import dev.pollux.StorageEvent;
import dev.pollux.StorageListener;
import dev.pollux.TaskStatus;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Counts outcomes, and listens to the queue for faults and for the end of the worker. */
final class Tally implements StorageListener {

    final AtomicInteger pushed = new AtomicInteger();
    private final AtomicInteger done = new AtomicInteger();
    private final AtomicInteger killed = new AtomicInteger();
    private final AtomicInteger retried = new AtomicInteger();
    private final AtomicReference<String> fault = new AtomicReference<>("");
    private final Sinks.One<Boolean> stopped = Sinks.one();

    /** Counts a run's outcome; a failed task will run again and is counted then. */
    void count(Outcome<String> outcome) {
        switch (outcome.status()) {
            case DONE -> done.incrementAndGet();
            case KILLED -> killed.incrementAndGet();
            default -> retried.incrementAndGet();
        }
    }

    /** Whether an outcome is the task's last. */
    static boolean isFinal(Outcome<String> outcome) {
        return outcome.status() != TaskStatus.FAILED;
    }

    @Override
    public void onEvent(StorageEvent event) {
        if (event instanceof StorageEvent.Fault problem) {
            fault.set("  (" + problem.error().getMessage() + ")");
        } else if (event instanceof StorageEvent.WorkerStopped) {
            stopped.tryEmitValue(true);
        }
    }

    /** Completes when the worker has said goodbye to the database. */
    Mono<Void> workerStopped() {
        return stopped.asMono().then();
    }

    int done() {
        return done.get();
    }

    int killed() {
        return killed.get();
    }

    /** How far it is, and the last fault since the line before. */
    String progress() {
        return "%5d of %d: done=%d killed=%d retries=%d%s"
                .formatted(done() + killed(), pushed.get(), done(), killed(), retried.get(), fault.getAndSet(""));
    }
}
