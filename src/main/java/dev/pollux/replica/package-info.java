/**
 * A local file that works offline and syncs its tasks with a remote libSQL database.
 *
 * <p>Start at {@code Replica}.
 */
@NullMarked
package dev.pollux.replica;

import org.jspecify.annotations.NullMarked;
