package dev.pollux.bench;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How long two threads take to answer each other through memory. Cores that share a cache take about 50 ns there and
 * back; others eight times as much. The host of a virtual machine can move it from the one to the other within seconds, and
 * whatever hands work from thread to thread then takes longer.
 */
final class CoreDistance {

    private static final int ROUND_TRIPS = 5_000;

    private CoreDistance() {}

    /** The time of one round trip, in nanoseconds; NaN if there is only one core. */
    static double nanos() throws InterruptedException {
        if (Runtime.getRuntime().availableProcessors() == 1) {
            return Double.NaN;
        }
        AtomicInteger ball = new AtomicInteger();
        Thread other = new Thread(() -> {
            for (int i = 1; i < 4 * ROUND_TRIPS; i += 2) {
                await(ball, i);
                ball.set(i + 1);
            }
        });
        other.start();
        play(ball, 0); // until the other thread is awake
        long start = System.nanoTime();
        play(ball, 2 * ROUND_TRIPS);
        double nanos = System.nanoTime() - start;
        other.join();
        return nanos / ROUND_TRIPS;
    }

    private static void play(AtomicInteger ball, int from) {
        for (int i = from; i < from + 2 * ROUND_TRIPS; i += 2) {
            ball.set(i + 1);
            await(ball, i + 2);
        }
    }

    private static void await(AtomicInteger ball, int value) {
        while (ball.get() != value) {
            Thread.onSpinWait();
        }
    }
}
