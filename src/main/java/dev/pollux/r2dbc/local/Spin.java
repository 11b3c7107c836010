package dev.pollux.r2dbc.local;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * A brief look for more work before a thread parks. To wake a parked thread takes longer than to read a row, so threads
 * that answer each other at once are far faster if neither parks. Confined to a session's lookout.
 *
 * <p>It looks for longer than waking takes, which is about 50 microseconds on a virtual machine, and for longer than a
 * commit on a fast disk, which is about 100. After a look in vain, for there was nothing to do, twice as many are left out
 * as the last time. And no more threads of a JVM look at a time than there are cores. Who is waited for may have been put
 * on the very core that looks, although another is idle, so it is let through now and then.
 */
final class Spin {

    private static final long NANOS = TimeUnit.MICROSECONDS.toNanos(200);
    /** Threads that answer each other at once do so in less, and need not be counted. */
    private static final long GLANCE_NANOS = TimeUnit.MICROSECONDS.toNanos(5);

    private static final int LOOKS_PER_CLOCK = 32;
    private static final int MOST_LEFT_OUT = 63;
    private static final int CORES = Runtime.getRuntime().availableProcessors();
    private static final AtomicInteger LOOKING = new AtomicInteger();

    private int leaveOut = CORES > 1 ? 0 : Integer.MAX_VALUE;
    private int penalty;

    /** Whether there is something to do now or in a moment. */
    boolean finds(BooleanSupplier work) {
        if (work.getAsBoolean()) {
            return true;
        }
        if (leaveOut > 0) {
            leaveOut--;
            return false;
        }
        boolean found = look(work, GLANCE_NANOS);
        if (!found) {
            if (LOOKING.incrementAndGet() > CORES) {
                LOOKING.decrementAndGet();
                return false;
            }
            found = look(work, NANOS);
            LOOKING.decrementAndGet();
        }
        penalty = found ? 0 : Math.min(2 * penalty + 1, MOST_LEFT_OUT);
        leaveOut = penalty;
        return found;
    }

    /** Where BlockHound lets a thread yield that otherwise must not; see {@link BlockHoundRules}. */
    @SuppressWarnings("ThreadPriorityCheck") // nothing depends on it
    private static boolean look(BooleanSupplier work, long nanos) {
        long start = System.nanoTime();
        do {
            for (int i = 0; i < LOOKS_PER_CLOCK; i++) {
                if (work.getAsBoolean()) {
                    return System.nanoTime() - start < nanos;
                }
            }
            Thread.yield();
        } while (System.nanoTime() - start < nanos);
        return false;
    }
}
