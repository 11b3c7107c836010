package dev.pollux.faults;

import dev.pollux.Config;
import dev.pollux.StorageEvent;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Counts the faults that a load's listeners are told of and whose message has some words, and lets a test wait for them. */
final class FaultCount {

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final String words;
    private final Semaphore told = new Semaphore(0);

    FaultCount(String words) {
        this.words = words;
    }

    /** Listens, besides whoever listens already. */
    Config.Builder listen(Config.Builder config) {
        return config.listener(config.build().listener().and(event -> {
            if (event instanceof StorageEvent.Fault fault
                    && String.valueOf(fault.error().getMessage()).contains(words)) {
                told.release();
            }
        }));
    }

    /** Waits for so many more. */
    void await(int many) throws InterruptedException {
        told.drainPermits();
        if (!told.tryAcquire(many, PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("not " + many + " faults with '" + words + "' within " + PATIENCE);
        }
    }
}
