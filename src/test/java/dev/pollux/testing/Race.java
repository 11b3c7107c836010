package dev.pollux.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * One of many rounds in which things are done at once. The racers meet, and then each waits for a time that a seed
 * chooses, so that from round to round they come at each other in other ways. {@code -Dfaults.seed} makes other
 * choices.
 */
public final class Race {

    private static final long SEED = Long.getLong("faults.seed", 1);
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final long LOOK_NANOS = TimeUnit.MICROSECONDS.toNanos(100);
    private static final ExecutorService THREADS = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "racer");
        thread.setDaemon(true);
        return thread;
    });

    private final int round;
    private final Random random;

    private Race(int round) {
        this.round = round;
        this.random = new Random(SEED * 1_000_003 + round);
    }

    /** What a racer does, and what is done in a round. */
    @FunctionalInterface
    public interface Action {

        /** Does it. */
        void run() throws Exception;
    }

    /** What is done in each round. */
    @FunctionalInterface
    public interface Round {

        /** Runs the race and looks what became of it. */
        void run(Race race) throws Exception;
    }

    /** Runs so many rounds; a failure names its round and the seed. */
    public static void repeat(int rounds, Round round) {
        for (int i = 0; i < rounds; i++) {
            try {
                round.run(new Race(i));
            } catch (Exception | AssertionError e) {
                throw new AssertionError("round " + i + " of -Dfaults.seed=" + SEED + ": " + e.getMessage(), e);
            }
        }
    }

    /** Which round it is, from 0. */
    public int round() {
        return round;
    }

    /** The round's source of random choices, for the thread that runs the round. */
    public Random random() {
        return random;
    }

    /** Has all of them start within that time of each other, each on a thread of its own; returns when all have ended. */
    public void run(Duration spread, Action... racers) {
        CountDownLatch missing = new CountDownLatch(racers.length);
        List<CompletableFuture<Void>> ends = new ArrayList<>();
        for (Action racer : racers) {
            long wait = delay(spread.toNanos());
            ends.add(CompletableFuture.runAsync(
                    () -> {
                        try {
                            meet(missing);
                            spin(wait);
                            racer.run();
                        } catch (Exception e) {
                            throw new AssertionError("a racer failed with " + e, e);
                        }
                    },
                    THREADS));
        }
        CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new))
                .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    /** None, a short one or a longer one: whatever the racers do, some of these are about as long. */
    private long delay(long most) {
        return switch (random.nextInt(3)) {
            case 0 -> 0;
            case 1 -> (long) Math.pow((double) most, random.nextDouble());
            default -> (long) (most * random.nextDouble());
        };
    }

    /** Looks for a while, which is more exact than to be woken, and then waits: there may be more racers than cores. */
    private static void meet(CountDownLatch missing) throws InterruptedException {
        missing.countDown();
        long start = System.nanoTime();
        while (missing.getCount() > 0 && System.nanoTime() - start < LOOK_NANOS) {
            Thread.onSpinWait();
        }
        missing.await();
    }

    private static void spin(long nanos) {
        long start = System.nanoTime();
        while (System.nanoTime() - start < nanos) {
            Thread.onSpinWait();
        }
    }
}
