package dev.pollux.r2dbc.local;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.sqlite.BusyHandler;

/**
 * Has the session's worker wait for a lock that another process holds, as SQLite's own busy timeout does, but only until
 * the work that waits is stopped. Confined to the session's worker.
 *
 * @see <a href="https://www.sqlite.org/c3ref/busy_handler.html">sqlite3_busy_handler</a>
 */
final class BusyWait extends BusyHandler {

    private static final int[] WAIT_MILLIS = {1, 2, 5, 10, 15, 20};

    private long limitNanos;
    private long startNanos;
    private @Nullable Stoppable work;

    /** Sets how long later waits may take. */
    void limit(Duration limit) {
        limitNanos = Limits.nanos(limit);
    }

    /** Sets whose end also ends later waits. */
    void onBehalfOf(@Nullable Stoppable work) {
        this.work = work;
    }

    /** Zero tells SQLite to give up. */
    @Override
    protected int callback(int tries) {
        long now = System.nanoTime();
        if (tries == 0) {
            startNanos = now;
        }
        long left = limitNanos - (now - startNanos);
        if (left <= 0 || (work != null && work.reason() != null)) {
            return 0;
        }
        LockSupport.parkNanos(Math.min(left, pauseNanos(tries)));
        return 1;
    }

    /** A pause that grows, with jitter, so that processes that wait for each other don't meet again and again. */
    static long pauseNanos(int tries) {
        long most = TimeUnit.MILLISECONDS.toNanos(WAIT_MILLIS[Math.min(tries, WAIT_MILLIS.length - 1)]);
        return ThreadLocalRandom.current().nextLong(most / 2, most);
    }
}
