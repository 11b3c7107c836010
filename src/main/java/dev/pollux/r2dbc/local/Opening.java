package dev.pollux.r2dbc.local;

import dev.pollux.r2dbc.local.LocalOptions.JournalMode;
import io.r2dbc.spi.R2dbcException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Properties;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.sqlite.JDBC;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteOpenMode;

/** Opens one connection. Run by the session's worker. */
final class Opening {

    private final LocalOptions options;
    private final String memoryName;
    private final SqliteErrors errors;
    private final Stoppable work;

    /**
     * An opening that has not begun.
     *
     * @param memoryName the memory database's name in this JVM; unused for a file
     * @param work by which another thread stops the waits
     */
    Opening(LocalOptions options, String memoryName, SqliteErrors errors, Stoppable work) {
        this.options = options;
        this.memoryName = memoryName;
        this.errors = errors;
        this.work = work;
    }

    /**
     * An open connection.
     *
     * @param readersBlockWriters whether a reader and a writer exclude each other, as they do without a WAL
     */
    record Opened(SqliteHandle handle, String version, boolean readersBlockWriters) {}

    Opened open() {
        SqliteHandle handle = null;
        boolean done = false;
        try {
            work.check();
            handle = connect(url(options.file(), memoryName), options);
            handle.waitForLocks(options.busyTimeout(), work);
            boolean wal = configure(handle);
            Opened opened = new Opened(handle, handle.version(), !wal);
            work.check();
            done = true;
            return opened;
        } catch (SQLException e) {
            throw work.reason() != null && SqliteErrors.isStop(e)
                    ? errors.stopped(work.reason(), null, null)
                    : errors.reported(e, null);
        } finally {
            if (handle != null && !done) {
                handle.close();
            }
        }
    }

    private static SqliteHandle connect(String url, LocalOptions options) throws SQLException {
        SQLiteConfig config = new SQLiteConfig();
        if (options.readOnly() && !options.inMemory()) {
            config.setReadOnly(true);
        }
        if (!options.create()) {
            config.resetOpenMode(SQLiteOpenMode.CREATE);
        }
        Properties properties = config.toProperties();
        return new SqliteHandle(JDBC.createConnection(url, properties), options.statementCacheSize());
    }

    /** The URI form, for sqlite-jdbc creates and deletes a file itself when it is given a plain path. */
    static String url(@Nullable Path file, String memoryName) {
        return file == null
                ? "jdbc:sqlite:file:/" + escaped(memoryName) + "?vfs=memdb"
                : "jdbc:sqlite:" + file.toAbsolutePath().toUri().toASCIIString();
    }

    /** Percent-encodes everything that could mean something in a URI, or to sqlite-jdbc. */
    private static String escaped(String name) {
        StringBuilder text = new StringBuilder();
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            if (b > 0 && Character.isLetterOrDigit(b)) {
                text.append((char) b);
            } else {
                text.append(String.format(Locale.ROOT, "%%%02X", b));
            }
        }
        return text.toString();
    }

    /** Applies the options; tells whether the database has a WAL. */
    private boolean configure(SqliteHandle handle) throws SQLException {
        handle.run("PRAGMA foreign_keys = " + (options.foreignKeys() ? "ON" : "OFF"));
        if (options.inMemory()) {
            // Nothing here may read the database, for in memory even that would wait for an open transaction.
            if (options.readOnly()) {
                handle.run("PRAGMA query_only = ON");
            }
            return false;
        }
        handle.run("PRAGMA cache_size = " + options.cacheSize());
        handle.run("PRAGMA mmap_size = " + options.mmapSize());
        String mode = journalMode(handle);
        // After the journal mode, which reads the file: before that, SQLite would read it here and hide why it can't.
        handle.run("PRAGMA synchronous = " + options.synchronous());
        return mode.equals(name(JournalMode.WAL));
    }

    private String journalMode(SqliteHandle handle) throws SQLException {
        String wanted = name(options.journalMode());
        String mode = String.valueOf(handle.value("PRAGMA journal_mode"));
        if (options.readOnly() || mode.equals(wanted)) {
            return mode;
        }
        mode = switchTo(wanted, handle);
        Path file = options.file();
        if (!mode.equals(wanted)) {
            throw file != null && !Files.isWritable(file)
                    ? errors.found(SQLiteErrorCode.SQLITE_READONLY, "the file can't be written", null)
                    : notSwitched(mode, wanted);
        }
        return mode;
    }

    /**
     * Switches the journal mode, which needs the file for a moment to itself. SQLite does not call its busy handler for
     * all of the locks this takes, so processes that create one database together must try again.
     */
    private String switchTo(String wanted, SqliteHandle handle) throws SQLException {
        long start = System.nanoTime();
        for (int tries = 0; ; tries++) {
            try {
                String mode = String.valueOf(handle.value("PRAGMA journal_mode = " + wanted));
                handle.value("PRAGMA schema_version"); // the first read makes the log, which DatabaseFile looks for
                return mode;
            } catch (SQLException e) {
                if (!SqliteErrors.isBusy(e) || System.nanoTime() - start > Limits.nanos(options.busyTimeout())) {
                    throw e;
                }
                work.check();
                LockSupport.parkNanos(BusyWait.pauseNanos(tries));
            }
        }
    }

    private R2dbcException notSwitched(String mode, String wanted) {
        return errors.found(
                SQLiteErrorCode.SQLITE_IOERR,
                "the file's journal mode stays " + mode + ", for its file system can't do " + wanted
                        + " (choose another journal mode)",
                null);
    }

    private static String name(JournalMode mode) {
        return mode.name().toLowerCase(Locale.ROOT);
    }
}
