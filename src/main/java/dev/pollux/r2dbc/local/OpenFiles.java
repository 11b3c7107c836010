package dev.pollux.r2dbc.local;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Which files the open sessions of this JVM have, by path.
 *
 * <p>Two files at one path, one after the other, would share a write-ahead log and its index: SQLite would write the pages
 * of one into the other, and cut the index off under the session that still has it mapped. So a file that has taken
 * another's place is opened only once no session of this JVM has that other one.
 */
final class OpenFiles {

    private static final Map<Path, List<Entry>> OPEN = new HashMap<>();
    /** The logs of files that are not there any more, which could not be emptied. */
    private static final Map<Path, Object> LEFT_LOGS = new HashMap<>();

    private OpenFiles() {}

    /** An open session. */
    static final class Entry {

        private final FileMark mark;
        private final Runnable look;
        private final CompletableFuture<Void> closed = new CompletableFuture<>();
        private volatile boolean closing;

        /**
         * @param mark the files that it has
         * @param look has it look, on its own thread, whether it still has the files that are there, and close them
         *     otherwise
         */
        Entry(FileMark mark, Runnable look) {
            this.mark = mark;
            this.look = look;
        }

        FileMark mark() {
            return mark;
        }

        /** From now on its files may go: SQLite removes the log with the last session. Ends with {@link #remove}. */
        void closing() {
            closing = true;
        }

        /** Whether it stays open; waits for one that is being closed. */
        private boolean staysOpen() {
            if (closing) {
                closed.join();
                return false;
            }
            return true;
        }
    }

    /**
     * Asks the sessions that have other files at this path than there are now to look for themselves, and waits for those
     * that are being closed.
     *
     * @return how many have them open
     */
    static int askOthers(Path path, FileMark now) {
        List<Entry> others;
        synchronized (OpenFiles.class) {
            others = OPEN.getOrDefault(path, List.of()).stream()
                    .filter(entry -> entry.mark.isOtherThan(now))
                    .toList();
        }
        List<Entry> open = others.stream().filter(Entry::staysOpen).toList();
        open.forEach(entry -> entry.look.run());
        return open.size();
    }

    /** Whether the log at this path is that of a file which was there before. */
    static synchronized boolean isLeftLog(Path path, @Nullable Object log) {
        boolean left = log != null && log.equals(LEFT_LOGS.get(path));
        if (!left) {
            LEFT_LOGS.remove(path);
        }
        return left;
    }

    /** A session has opened its files. */
    static synchronized void add(Path path, Entry entry) {
        OPEN.computeIfAbsent(path, none -> new ArrayList<>()).add(entry);
    }

    /**
     * A session has closed them.
     *
     * @param leftLog the log's key, if it stays behind with what only it holds of a file that is not there any more
     */
    static synchronized void remove(Path path, Entry entry, @Nullable Object leftLog) {
        OPEN.computeIfPresent(path, (key, entries) -> {
            entries.remove(entry);
            return entries.isEmpty() ? null : entries;
        });
        if (leftLog != null) {
            LEFT_LOGS.put(path, leftLog);
        }
        entry.closed.complete(null);
    }
}
