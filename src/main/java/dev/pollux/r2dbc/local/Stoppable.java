package dev.pollux.r2dbc.local;

import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.scheduler.Schedulers;

/**
 * A stretch of database work that any thread may stop, and nothing but that stretch.
 *
 * <p>Races: stopping and the work's end are decided under the monitor. {@code sqlite3_interrupt} is called only while
 * the monitor says that this work is inside SQLite, so it can't hit the next work of the same connection. SQLite forgets
 * an interrupt that comes while no statement runs (between two statements, say), so it is repeated until the work has
 * noticed.
 *
 * @see <a href="https://www.sqlite.org/c3ref/interrupt.html">sqlite3_interrupt</a>
 */
final class Stoppable {

    /** Why work was stopped; the first reason counts. */
    enum Reason {
        CANCELLED,
        TIMED_OUT,
        CLOSED
    }

    /** Thrown by work that was stopped outside of SQLite. */
    static final class StoppedException extends SQLException {
        private static final long serialVersionUID = 1L;

        StoppedException() {
            super("stopped");
        }
    }

    /** Work that calls SQLite. */
    interface Body<T> {
        T run() throws SQLException;
    }

    private static final long AGAIN_MILLIS = 2;

    private final Runnable interrupt;
    private volatile @Nullable Reason reason;
    private boolean inside;
    private @Nullable Disposable again;

    Stoppable(Runnable interrupt) {
        this.interrupt = interrupt;
    }

    /** Asks the work to end. Has no effect on work that has already ended. */
    synchronized void stop(Reason why) {
        if (reason == null) {
            reason = why;
        }
        if (inside && again == null) {
            interrupt.run();
            again = Schedulers.parallel()
                    .schedulePeriodically(this::interruptAgain, AGAIN_MILLIS, AGAIN_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private synchronized void interruptAgain() {
        if (inside) {
            interrupt.run();
        }
    }

    /** Why the work was asked to end, or null if it was not. */
    @Nullable
    Reason reason() {
        return reason;
    }

    /** Fails if the work was asked to end. */
    void check() throws StoppedException {
        if (reason != null) {
            throw new StoppedException();
        }
    }

    /** Runs the part of the work that may be interrupted. */
    <T> T run(Body<T> body) throws SQLException {
        synchronized (this) {
            inside = true;
        }
        try {
            check(); // a stop that came before saw inside == false and interrupted nothing
            return body.run();
        } finally {
            synchronized (this) {
                inside = false;
                if (again != null) {
                    again.dispose();
                    again = null;
                }
            }
        }
    }

    /** Stops the work after a time, unless the returned timer is disposed of before. */
    Disposable stopAfter(@Nullable Duration timeout) {
        return timeout == null
                ? Disposables.disposed()
                : Schedulers.parallel()
                        .schedule(() -> stop(Reason.TIMED_OUT), Limits.nanos(timeout), TimeUnit.NANOSECONDS);
    }
}
