package dev.pollux.bench;

import java.util.Arrays;

/** Times, each taken once, and their percentiles. Filled by one thread at a time. */
final class Latencies {

    private long[] nanos = new long[1_024];
    private int size;

    void add(long time) {
        if (size == nanos.length) {
            nanos = Arrays.copyOf(nanos, 2 * size);
        }
        nanos[size++] = time;
    }

    /** The time that this share of all are not above, in milliseconds. */
    double millis(double share) {
        long[] sorted = Arrays.copyOf(nanos, size);
        Arrays.sort(sorted);
        return sorted[Math.max(0, (int) Math.ceil(share * size) - 1)] / 1e6;
    }
}
