package dev.pollux.r2dbc.local;

import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A brief look for more work before a thread parks. To wake a parked thread takes longer than to read a row, so two
 * threads that answer each other at once are far faster if neither parks. There is one of these for the two threads of a
 * session's conversation, its own and the one that emits.
 *
 * <p>It looks for longer than waking takes, which is about 50 microseconds on a virtual machine, and for longer than a
 * commit on a fast disk, which is about 100. With a shorter look neither would see the other wake, and once one of them
 * had parked, both would go on to. After a look in vain, for there was nothing to do or the other thread had no core to
 * run on, twice as many are left out as the last time. And no more threads of a JVM look at a time than there are cores.
 * Between cores that share no cache, each field that both threads write costs a quarter of a microsecond: as long as both
 * are answered at once, they write none of these.
 *
 * <p>Races: both threads count the looks that are left out, and may miss a step of each other. It does not matter.
 */
final class Spin {

    private static final long NANOS = TimeUnit.MICROSECONDS.toNanos(200);
    /** Two threads that answer each other at once do so in less, and need not be counted. */
    private static final long GLANCE_NANOS = TimeUnit.MICROSECONDS.toNanos(5);

    private static final int LOOKS_PER_CLOCK = 32;
    private static final int MOST_LEFT_OUT = 63;
    private static final int CORES = Runtime.getRuntime().availableProcessors();
    private static final AtomicInteger LOOKING = new AtomicInteger();

    private volatile int leaveOut = CORES > 1 ? 0 : Integer.MAX_VALUE;
    private volatile int penalty;

    /** Whether there is something in the queue now or in a moment. */
    boolean fills(Queue<?> queue) {
        if (!queue.isEmpty()) {
            return true;
        }
        int left = leaveOut;
        if (left > 0) {
            leaveOut = left - 1;
            return false;
        }
        boolean filled = look(queue, GLANCE_NANOS);
        if (!filled) {
            if (LOOKING.incrementAndGet() > CORES) {
                LOOKING.decrementAndGet();
                return false;
            }
            filled = look(queue, NANOS);
            LOOKING.decrementAndGet();
        }
        leaveOut(filled ? 0 : Math.min(2 * penalty + 1, MOST_LEFT_OUT));
        return filled;
    }

    /** Writes only what is new: a write takes the other thread's copy from it. */
    private void leaveOut(int looks) {
        if (penalty != looks) {
            penalty = looks;
        }
        if (leaveOut != looks) {
            leaveOut = looks;
        }
    }

    /** Without Thread.onSpinWait, which BlockHound takes for blocking. */
    private static boolean look(Queue<?> queue, long nanos) {
        long start = System.nanoTime();
        do {
            for (int i = 0; i < LOOKS_PER_CLOCK; i++) {
                if (!queue.isEmpty()) {
                    return System.nanoTime() - start < nanos;
                }
            }
        } while (System.nanoTime() - start < nanos);
        return false;
    }
}
