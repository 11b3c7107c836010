package dev.pollux.r2dbc.local;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which files the open sessions of this JVM have, by path.
 *
 * <p>Two files at one path, one after the other, would share a write-ahead log and its index: SQLite would write the pages
 * of one into the other, and cut the index off under the session that still has it mapped. So a file that has taken
 * another's place is opened only once no session of this JVM has that other one.
 */
final class OpenFiles {

    private static final Map<Path, List<FileMark>> OPEN = new HashMap<>();
    /** The logs of files that are not there any more, which could not be emptied. */
    private static final Map<Path, Object> LEFT_LOGS = new HashMap<>();

    private OpenFiles() {}

    /** How many sessions have other files at this path than there are now. */
    static synchronized int others(Path path, FileMark now) {
        return (int) OPEN.getOrDefault(path, List.of()).stream()
                .filter(mark -> mark.isOtherThan(now))
                .count();
    }

    /** Whether the log at this path is that of a file which was there before. */
    static synchronized boolean isLeftLog(Path path, @Nullable Object log) {
        boolean left = log != null && log.equals(LEFT_LOGS.get(path));
        if (!left) {
            LEFT_LOGS.remove(path);
        }
        return left;
    }

    /** A session has opened these files. */
    static synchronized void add(Path path, FileMark mark) {
        OPEN.computeIfAbsent(path, none -> new ArrayList<>()).add(mark);
    }

    /**
     * A session has closed them.
     *
     * @param leftLog the log's key, if it stays behind with what only it holds of a file that is not there any more
     */
    static synchronized void remove(Path path, FileMark mark, @Nullable Object leftLog) {
        OPEN.computeIfPresent(path, (key, marks) -> {
            marks.remove(mark);
            return marks.isEmpty() ? null : marks;
        });
        if (leftLog != null) {
            LEFT_LOGS.put(path, leftLog);
        }
    }
}
