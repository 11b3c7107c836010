package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.StorageEvent;
import dev.pollux.StorageListener;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Counts how often the end of each worker is told, and keeps what else should not happen. */
final class Stops implements StorageListener {

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final Map<String, Integer> times = new ConcurrentHashMap<>();
    private final Semaphore unseen = new Semaphore(0);
    private final Queue<String> odd = new ConcurrentLinkedQueue<>();

    @Override
    public void onEvent(StorageEvent event) {
        if (event instanceof StorageEvent.WorkerStopped stopped) {
            times.merge(stopped.worker(), 1, Integer::sum);
            unseen.release();
        } else if (event instanceof StorageEvent.Released released
                && released.reason().contains("does not know")) {
            // No answer is lost here: so a worker gives back what somebody may be at work on.
            odd.add(event.toString());
        } else if (event instanceof StorageEvent.Fault fault) {
            odd.add(fault.toString());
        }
    }

    /** Waits for the end of so many workers, each of which is waited for once. */
    void await(int workers) throws InterruptedException {
        assertThat(unseen.tryAcquire(workers, PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .as("%s workers stop within %s", workers, PATIENCE)
                .isTrue();
    }

    /** How many ends were told so far. */
    int times() {
        return times.size();
    }

    /** What should not have happened, in words: {@code workers} have ended. */
    List<String> wrong(int workers) {
        if (times.size() != workers) {
            odd.add(times.size() + " workers ended, not " + workers);
        }
        times.forEach((worker, told) -> {
            if (told > 1) {
                odd.add("the end of " + worker + " was told " + told + " times");
            }
        });
        return List.copyOf(odd);
    }
}
