package dev.pollux.r2dbc.hrana;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * How far a transport's own writes have taken the database: the replication index that the server gave for the last of
 * them. A request that names it as the one to be {@code after} waits at a replica until that has caught up, so reads see
 * the writes that were answered before, on whatever connection of the transport; a primary passes over it.
 *
 * <p>Only writes raise it, so who only reads never waits. A server that was restored from a backup counts anew, and a
 * replica of it would wait for ever for what was; so an answer whose index is lower than the one that its request was to
 * come after lowers it, unless another write has moved it meanwhile. A program that writes gets over this by its next
 * write, for those do not wait.
 */
final class OwnWrites {

    private static final long NONE = 0;

    private final boolean watched;
    private final AtomicLong index = new AtomicLong(NONE);

    /**
     * Of a new transport.
     *
     * @param watched whether anyone wants to come after them
     */
    OwnWrites(boolean watched) {
        this.watched = watched;
    }

    /** The index to come after, or null for none. */
    @Nullable
    Long index() {
        long known = index.get();
        return known == NONE ? null : known;
    }

    /**
     * Takes note of an answer.
     *
     * @param after what its request was to come after, or null
     * @param answered the server's index in it, or null
     * @param wrote whether what was asked may have written, and lasts
     */
    void answered(@Nullable Long after, @Nullable Long answered, boolean wrote) {
        if (!watched || answered == null) {
            return;
        }
        long now = answered;
        index.updateAndGet(known -> {
            boolean anew = after != null && after == known && now < known;
            return anew || (wrote && now > known) ? now : known;
        });
    }
}
