package dev.pollux.r2dbc.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the system knows a database's files by, whatever their names lead to later.
 *
 * @param database the file's key, or null if there is none, or the system (Windows) gives no keys
 * @param log the key of its write-ahead log, or null
 * @param index the key of the log's index, which the processes share, or null
 */
record FileMark(
        @Nullable Object database,
        @Nullable Object log,
        @Nullable Object index) {

    /** Nothing is known. */
    static final FileMark NONE = new FileMark(null, null, null);

    /** The files as they are now. */
    static FileMark of(Path database) throws IOException {
        return new FileMark(key(database), key(log(database)), key(index(database)));
    }

    /** A file's key; null if there is no such file. */
    static @Nullable Object key(Path file) throws IOException {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /** Where SQLite keeps a database's write-ahead log. */
    static Path log(Path database) {
        return database.resolveSibling(database.getFileName() + "-wal");
    }

    /** Where SQLite keeps the log's index. */
    static Path index(Path database) {
        return database.resolveSibling(database.getFileName() + "-shm");
    }

    /** The same without a log, for a session that has none. */
    FileMark withoutLog() {
        return new FileMark(database, null, null);
    }

    /** Whether a session with this mark and one that opens these files would not have the same ones. */
    boolean isOtherThan(FileMark now) {
        return !Objects.equals(database, now.database) || (log != null && !log.equals(now.log));
    }
}
