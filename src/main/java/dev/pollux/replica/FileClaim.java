package dev.pollux.replica;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The right to sync a file, which one replica of one process at a time has: a lock that the system takes back when the process dies.
 * Blocks.
 *
 * <p>On many systems a process loses its locks on a file when it closes any descriptor of it. So within a JVM the claims know of each
 * other, and who comes second opens nothing.
 */
final class FileClaim {

    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    private final @Nullable Path path;
    private @Nullable FileChannel channel;
    private boolean held;

    /**
     * @param file the database's path, empty for a memory database, which no other process has
     */
    FileClaim(String file) {
        path = file.isEmpty() ? null : Path.of(file + "-replica");
    }

    /** Whether we have it. */
    synchronized boolean isHeld() {
        return held;
    }

    /** Takes it, if nobody else has it; whether we have it then. */
    synchronized boolean hold() throws IOException {
        if (!held) {
            held = path == null || (HELD_HERE.add(path) && locked(path));
        }
        return held;
    }

    private boolean locked(Path file) throws IOException {
        boolean locked = false;
        try {
            if (channel == null) {
                channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            }
            locked = channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            // A copy of this class, by another class loader, has it.
            return false;
        } finally {
            if (!locked) {
                HELD_HERE.remove(file);
            }
        }
        return locked;
    }

    /** Gives it back. */
    synchronized void close() throws IOException {
        try {
            if (channel != null) {
                channel.close();
                channel = null;
            }
        } finally {
            if (held && path != null) {
                HELD_HERE.remove(path);
            }
            held = false;
        }
    }
}
