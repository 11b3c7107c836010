package dev.pollux.r2dbc.local;

import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The file that a session has open. It notices when the path leads to another file, or to none: SQLite would go on writing
 * into the file that was there, without an error, and all of it would be lost.
 *
 * <p>With {@code synchronous} FULL or EXTRA it looks before each commit, which takes a microsecond where the disk takes a
 * hundred, and otherwise before the first commit that comes 10 ms after its last look. So too for reads, and for the files
 * of the write-ahead log. What a commit writes while the file is being replaced is lost with the file that it was.
 *
 * <pre>
 *   OPEN --the path leads elsewhere--&gt; LOST: all but closing fails
 * </pre>
 *
 * <p>A session that does nothing finds out when another one wants to open the file that is there now, and closes its own.
 *
 * <p>SQLite leaves the write-ahead log of a file that was moved away where it is, beside whatever has taken its place, and
 * whoever opens that would have the log's pages written into it. So closing empties the log into the file it belongs to,
 * wherever that is now, and removes it.
 *
 * <p>Confined to the session's worker, but for {@link #isLost()}.
 *
 * @see <a href="https://www.sqlite.org/howtocorrupt.html">How to corrupt an SQLite database file</a>
 */
final class DatabaseFile {

    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final @Nullable Path path; // null: a memory database
    private final Path real;
    private final FileMark before;
    private final boolean beforeEachCommit;
    private final SqliteErrors errors;
    private OpenFiles.@Nullable Entry open; // null: not open, or nothing is known of it
    private volatile @Nullable R2dbcException lost;
    private long lastLook;

    private DatabaseFile(
            @Nullable Path path, Path real, FileMark before, boolean beforeEachCommit, SqliteErrors errors) {
        this.path = path;
        this.real = real;
        this.before = before;
        this.beforeEachCommit = beforeEachCommit;
        this.errors = errors;
    }

    /**
     * The file that is about to be opened, if it may be.
     *
     * @param seen whether it was there before, and so must not be created
     */
    static DatabaseFile of(LocalOptions options, boolean seen, SqliteErrors errors) {
        Path path = options.file();
        boolean strict = options.synchronous().compareTo(LocalOptions.Synchronous.FULL) >= 0;
        if (path == null) {
            return new DatabaseFile(null, Path.of(""), FileMark.NONE, strict, errors);
        }
        try {
            Path real = real(path);
            FileMark now = FileMark.of(real);
            for (int others = OpenFiles.askOthers(real, now); others > 0; others = OpenFiles.askOthers(real, now)) {
                FileMark again = FileMark.of(real);
                if (again.equals(now)) {
                    throw errors.othersOpen(others);
                }
                // They made the file, or its log, after we had looked.
                now = again;
            }
            if (seen && Files.notExists(real)) {
                throw errors.fileDeleted();
            }
            if (OpenFiles.isLeftLog(real, now.log())) {
                throw errors.logLeft();
            }
            return new DatabaseFile(path, real, now, strict, errors);
        } catch (IOException e) {
            // SQLite will meet it too, and knows what to say.
            return new DatabaseFile(path, path.toAbsolutePath(), FileMark.NONE, strict, errors);
        }
    }

    private static Path real(Path path) throws IOException {
        try {
            return path.toRealPath();
        } catch (NoSuchFileException e) {
            Path absolute = path.toAbsolutePath();
            Path folder = Objects.requireNonNull(absolute.getParent(), "the folder of an absolute path");
            return folder.toRealPath().resolve(absolute.getFileName());
        }
    }

    /**
     * SQLite has opened it.
     *
     * @param look has the session call {@link #find()}, on its thread, and close what it finds to be lost
     */
    void opened(boolean hasLog, Runnable look) {
        if (path == null) {
            return;
        }
        try {
            FileMark now = FileMark.of(real);
            if (now.database() != null) {
                // One that was replaced while SQLite opened it is found to be lost at the first look.
                boolean same = before.database() == null || before.database().equals(now.database());
                FileMark mark = same ? now : before;
                OpenFiles.Entry entry = new OpenFiles.Entry(hasLog && same ? mark : mark.withoutLog(), look);
                OpenFiles.add(real, entry);
                open = entry;
            }
        } catch (IOException e) {
            open = null; // one that can't be looked at can't be watched
        }
        lastLook = System.nanoTime() - LOOK_NANOS;
    }

    /** Fails if the path leads elsewhere; asked before each commit. */
    void beforeCommit() {
        look(beforeEachCommit);
    }

    /** Fails if the path was seen to lead elsewhere; asked before each statement. */
    void beforeWork() {
        look(false);
    }

    /** Whether nothing but closing is left to be done. */
    boolean isLost() {
        return lost != null;
    }

    private void look(boolean always) {
        boolean due = System.nanoTime() - lastLook >= LOOK_NANOS;
        R2dbcException found = always || due || lost != null ? find(due) : null;
        if (found != null) {
            throw found;
        }
    }

    /** Looks now; gives the error of whoever works with it, or null if all is well. */
    @Nullable
    R2dbcException find() {
        return find(true);
    }

    private @Nullable R2dbcException find(boolean all) {
        if (lost == null && path != null && open != null) {
            lost = find(open.mark(), path, all);
            if (all) {
                lastLook = System.nanoTime();
            }
        }
        return lost;
    }

    private @Nullable R2dbcException find(FileMark opened, Path at, boolean all) {
        try {
            Object key = FileMark.key(at);
            if (!Objects.equals(key, opened.database())) {
                return key == null ? errors.fileDeleted() : errors.fileReplaced();
            }
            boolean logIsThere = !all
                    || opened.log() == null
                    || (opened.log().equals(FileMark.key(FileMark.log(real)))
                            && Objects.equals(opened.index(), FileMark.key(FileMark.index(real))));
            return logIsThere ? null : errors.logDeleted();
        } catch (IOException e) {
            return null; // nothing is known, so nothing is lost
        }
    }

    /** Closes the connection to it, and leaves no log behind that belongs to another file. Idempotent. */
    void close(SqliteHandle handle) {
        OpenFiles.Entry entry = open;
        if (entry == null) {
            handle.close();
            return;
        }
        open = null;
        entry.closing();
        FileMark opened = entry.mark();
        Object leftLog = null;
        try {
            if (opened.log() != null && isGone(opened)) {
                handle.rollback();
                leftLog = emptied(handle) && removed(opened) ? null : opened.log();
            }
        } finally {
            try {
                handle.close();
            } finally {
                OpenFiles.remove(real, entry, leftLog); // others may wait for it
            }
        }
    }

    /** Whether another file, or none, is where this one was: not only a symbolic link to it that was changed. */
    private boolean isGone(FileMark opened) {
        try {
            return !Objects.equals(FileMark.key(real), opened.database());
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean emptied(SqliteHandle handle) {
        try {
            return Long.valueOf(0).equals(handle.value("PRAGMA wal_checkpoint(TRUNCATE)"));
        } catch (SQLException e) {
            return false;
        }
    }

    private boolean removed(FileMark opened) {
        return removed(FileMark.log(real), opened.log()) && removed(FileMark.index(real), opened.index());
    }

    /** Removes a file if it is still that one. */
    private static boolean removed(Path file, @Nullable Object key) {
        try {
            if (Objects.equals(FileMark.key(file), key)) {
                Files.deleteIfExists(file);
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
