package dev.pollux.r2dbc.local;

import dev.pollux.r2dbc.transport.Faults;
import io.r2dbc.spi.R2dbcException;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** Names one database's errors for {@link Faults}: codes and SQLite's own words, never a bound value. */
final class SqliteErrors {

    private final String where;

    SqliteErrors(String where) {
        this.where = where;
    }

    /** An error that SQLite reported. */
    R2dbcException reported(SQLException e, @Nullable String sql) {
        if (!(e instanceof SQLiteException reported)) {
            return Faults.sqlite("SQLITE_ERROR", 1, String.valueOf(e.getMessage()), where, sql, e);
        }
        SQLiteErrorCode code = reported.getResultCode();
        return Faults.sqlite(code.name(), code.code, words(reported), where, sql, e);
    }

    /**
     * Whether a stopped work's error is the stop itself: an interrupt, or a wait for a lock that was given up. An interrupt that
     * hits SQLite while it makes a table-valued function such as json_each ready is reported as no more than that this failed.
     */
    static boolean isStop(SQLException e) {
        return e instanceof Stoppable.StoppedException
                || primary(e) == SQLiteErrorCode.SQLITE_INTERRUPT.code
                || isBusy(e)
                || (primary(e) == SQLiteErrorCode.SQLITE_ERROR.code
                        && String.valueOf(e.getMessage()).contains("vtable constructor failed"));
    }

    static boolean isBusy(SQLException e) {
        return primary(e) == SQLiteErrorCode.SQLITE_BUSY.code;
    }

    /** Work that was stopped on purpose. */
    R2dbcException stopped(Stoppable.@Nullable Reason why, @Nullable Duration timeout, @Nullable String sql) {
        if (why == Stoppable.Reason.CLOSED) {
            return closed();
        }
        String text = why == Stoppable.Reason.TIMED_OUT
                ? "stopped after its statement timeout" + (timeout == null ? "" : " of " + timeout)
                : "cancelled";
        return Faults.sqlite("SQLITE_INTERRUPT", SQLiteErrorCode.SQLITE_INTERRUPT.code, text, where, sql, null);
    }

    /** The session was closed. */
    R2dbcException closed() {
        return Faults.sessionGone(where, "the session was closed");
    }

    /** SQLite has rolled back a transaction that its owner still believes in. */
    R2dbcException transactionLost() {
        return Faults.sqlite(
                SQLiteErrorCode.SQLITE_ABORT_ROLLBACK.name(),
                SQLiteErrorCode.SQLITE_ABORT_ROLLBACK.code,
                "an earlier error made SQLite roll the transaction back: call rollback() and run all of it again",
                where,
                null,
                null);
    }

    /** Another session of this JVM held the write lock for too long. */
    R2dbcException lockWaitOver(Duration timeout) {
        return Faults.sqlite(
                SQLiteErrorCode.SQLITE_BUSY.name(),
                SQLiteErrorCode.SQLITE_BUSY.code,
                "waited " + timeout + " for a writer in this process",
                where,
                null,
                null);
    }

    /** The file is not there any more. */
    R2dbcException fileDeleted() {
        return Faults.fileLost(
                where,
                "the file was deleted; nothing was run (put it back, whole and at once, by a rename; or make a new"
                        + " connection factory to begin with an empty one)");
    }

    /** Another file is where the session's was. */
    R2dbcException fileReplaced() {
        return Faults.fileChanged(
                where,
                "another file has taken the place of the one that this connection has open; nothing was run (close it:"
                        + " a new connection opens the file that is there now)");
    }

    /** The write-ahead log, or its index, is not there any more. */
    R2dbcException logDeleted() {
        return Faults.fileChanged(
                where,
                "its -wal or -shm file was deleted or replaced while it was open; nothing was run (close all connections"
                        + " to it: that saves what was committed, and new ones make the files anew)");
    }

    /** Sessions of this JVM still have the files that were there before. */
    R2dbcException othersOpen(int sessions) {
        return Faults.fileChanged(
                where,
                "the file or its -wal file was deleted or replaced while " + sessions
                        + " connection(s) of this process have it open; the old and the new at once would damage both"
                        + " (try again when those are closed: ones that are idle close themselves now)");
    }

    /** The log belongs to the file that was there before. */
    R2dbcException logLeft() {
        return Faults.fileLost(
                where,
                "the -wal file beside it belongs to the file that was there before, and would damage this one (move the"
                        + " -wal and -shm files away, to where that file is now if it is still needed)");
    }

    /** A fault that we find ourselves, in the form of SQLite's. */
    R2dbcException found(SQLiteErrorCode code, String what, @Nullable String sql) {
        return Faults.sqlite(code.name(), code.code, what, where, sql, null);
    }

    private static int primary(SQLException e) {
        return e instanceof SQLiteException reported ? reported.getResultCode().code & 0xFF : 0;
    }

    /** SQLite's own words, without the code and the explanation that sqlite-jdbc puts around them. */
    private static String words(SQLiteException e) {
        String message = String.valueOf(e.getMessage());
        String prefix = e.getResultCode() + " (";
        return message.startsWith(prefix) && message.endsWith(")")
                ? message.substring(prefix.length(), message.length() - 1)
                : message;
    }
}
