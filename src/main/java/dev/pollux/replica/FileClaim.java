package dev.pollux.replica;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** The right to sync a file, which one process at a time has: a lock that the system takes back when the process dies. Blocks. */
final class FileClaim {

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
        if (held || path == null) {
            held = true;
            return true;
        }
        FileChannel opened = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = opened.tryLock();
            held = lock != null;
        } catch (OverlappingFileLockException e) {
            // Another replica of this JVM has it.
            held = false;
        } finally {
            if (held) {
                channel = opened;
            } else {
                opened.close();
            }
        }
        return held;
    }

    /** Gives it back. */
    synchronized void close() throws IOException {
        held = false;
        if (channel != null) {
            channel.close();
            channel = null;
        }
    }
}
