package dev.pollux.r2dbc.local;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How long work may take.
 *
 * @param statementTimeout how long it may run, or null for no limit
 * @param lockWait how long it waits for another writer's lock
 * @param strict whether {@code lockWait} is a limit that the user has set for this session: then it bounds the whole
 *     wait. The default bounds the wait behind one writer, so that a long line which moves does not fail.
 */
record Limits(@Nullable Duration statementTimeout, Duration lockWait, boolean strict) {

    private static final Duration FOREVER = Duration.ofDays(365);

    /** A duration in nanoseconds, short enough to be added to a point in time. */
    static long nanos(Duration duration) {
        return (duration.compareTo(FOREVER) > 0 ? FOREVER : duration).toNanos();
    }
}
