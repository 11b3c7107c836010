package dev.pollux.replica;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a replica stands.
 *
 * @param online whether the last sync succeeded; false before the first
 * @param offlineSince when the first sync failed after the last that succeeded, or null while online or before the first
 * @param unsent how many changes of this file are not sent yet
 * @param held how many unfinished tasks that the remote knows this file holds: counted at the end of each sync, and about so many
 *     while one goes on
 * @param problem why the last sync failed, or null
 */
public record ReplicaStatus(
        boolean online,
        @Nullable Instant offlineSince,
        long unsent,
        long held,
        @Nullable Throwable problem) {}
