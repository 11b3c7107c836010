package dev.pollux.r2dbc.transport;

import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The one place where a database's errors become R2DBC exceptions. Messages say what happened and where and, where
 * there is one, the remedy; they never hold a bound value, a token or a password.
 *
 * <p>SQLSTATEs tell callers that see only the SPI what they may do next:
 *
 * <table>
 * <caption>SQLSTATE and what it allows</caption>
 * <tr><td>{@value #CONNECTION_FAILED}</td><td>no conversation, nothing ran: try again</td></tr>
 * <tr><td>{@value #CONNECTION_REFUSED}</td><td>no conversation until somebody puts something right, and nothing
 * ran</td></tr>
 * <tr><td>{@value #OUTCOME_UNKNOWN}</td><td>a write may or may not have taken effect: see
 * {@link OutcomeUnknownException}</td></tr>
 * <tr><td>{@value #TRANSACTION_LOST}</td><td>the transaction was rolled back by the server: run all of it again</td></tr>
 * <tr><td>23505, 23503, 23502, 23514</td><td>a unique, foreign key, not-null or check constraint was violated</td></tr>
 * </table>
 *
 * @see <a href="https://www.sqlite.org/rescode.html">SQLite result codes</a>
 */
public final class Faults {

    /** No conversation with the database, and nothing ran. */
    public static final String CONNECTION_FAILED = "08001";
    /** No conversation with the database until something is put right, such as its certificate, and nothing ran. */
    public static final String CONNECTION_REFUSED = "08004";
    /** A write was sent and its outcome is not known. */
    public static final String OUTCOME_UNKNOWN = "08007";
    /** The conversation broke in the middle of something that changes nothing. */
    public static final String CONNECTION_BROKEN = "08006";
    /** The database has too much to do; nothing ran. */
    public static final String OVERLOADED = "53300";
    /** The session is closed, or its stream is gone. */
    public static final String SESSION_GONE = "08003";
    /** The database rolled the transaction back. */
    public static final String TRANSACTION_LOST = "40001";
    /** The database's files are not those that were opened; nothing ran. */
    public static final String FILE_CHANGED = "58P01";
    /** A statement ran longer than its timeout and was stopped. */
    public static final String CANCELLED = "57014";

    /** A primary key that is there already is a UNIQUE constraint in SQLite's words, too. */
    private static final Pattern CONSTRAINT = Pattern.compile("(UNIQUE|NOT NULL|FOREIGN KEY|CHECK) constraint failed");

    private Faults() {}

    /**
     * Maps an error that SQLite itself reports.
     *
     * @param code the (extended) result code's name, for example {@code SQLITE_CONSTRAINT_UNIQUE}
     * @param number the (extended) result code, or 0 if only its name is known
     * @param message the database's message
     * @param where the database, as {@link Transport#describe()} names it
     * @param sql the statement, or null
     */
    public static R2dbcException sqlite(
            String code, int number, String message, String where, @Nullable String sql, @Nullable Throwable cause) {
        String text = code + " on " + where + ": " + message;
        String primary = primary(code);
        return switch (primary) {
            case "SQLITE_BUSY" ->
                new R2dbcTransientResourceException(
                        text + " (another connection holds the write lock; try again, or raise the busy timeout)",
                        "55P03",
                        number,
                        sql,
                        cause);
            case "SQLITE_LOCKED" -> new R2dbcTransientResourceException(text, "55P03", number, sql, cause);
            case "SQLITE_INTERRUPT" -> new R2dbcTimeoutException(text, CANCELLED, number, sql, cause);
            case "SQLITE_ABORT" -> new R2dbcRollbackException(text, TRANSACTION_LOST, number, sql, cause);
            case "SQLITE_CONSTRAINT", "SQLITE_MISMATCH" ->
                new R2dbcDataIntegrityViolationException(text, violation(message), number, sql, cause);
            case "SQLITE_TOOBIG" ->
                new R2dbcDataIntegrityViolationException(
                        text + " (SQLite's limit is 1 GB: keep it in parts, or elsewhere)",
                        "54000",
                        number,
                        sql,
                        cause);
            case "SQLITE_READONLY" ->
                new R2dbcPermissionDeniedException(
                        text + " (check the file's permissions, or whether it was opened read-only)",
                        "25006",
                        number,
                        sql,
                        cause);
            case "SQLITE_AUTH", "SQLITE_PERM" -> new R2dbcPermissionDeniedException(text, "42501", number, sql, cause);
            case "SQLITE_FULL" ->
                new R2dbcNonTransientResourceException(
                        text + " (the disk, or the database's page limit, is full: free space and try again)",
                        "53100",
                        number,
                        sql,
                        cause);
            case "SQLITE_NOTADB" ->
                new R2dbcNonTransientResourceException(
                        text + " (the file is not a SQLite database: check the path)", "58030", number, sql, cause);
            case "SQLITE_CORRUPT" ->
                new R2dbcNonTransientResourceException(
                        text + " (the database file is damaged: stop what uses it and restore a backup; PRAGMA"
                                + " integrity_check says what is wrong, the sqlite3 shell's .recover saves what can be read)",
                        "58030",
                        number,
                        sql,
                        cause);
            case "SQLITE_CANTOPEN" ->
                new R2dbcNonTransientResourceException(
                        text + " (does the folder exist, and may this process read and write it?)",
                        "58030",
                        number,
                        sql,
                        cause);
            case "SQLITE_IOERR", "SQLITE_NOMEM", "SQLITE_PROTOCOL", "SQLITE_NOLFS" ->
                new R2dbcNonTransientResourceException(text, "58030", number, sql, cause);
            default -> new R2dbcBadGrammarException(text, "42000", number, sql, cause);
        };
    }

    /** The SQLSTATE of a violated constraint, by SQLite's words: servers do not give the extended code. */
    private static String violation(String message) {
        Matcher failed = CONSTRAINT.matcher(message);
        if (!failed.find()) {
            return "23000"; // a trigger's RAISE, a value of the wrong type
        }
        return switch (failed.group(1)) {
            case "UNIQUE" -> "23505";
            case "NOT NULL" -> "23502";
            case "FOREIGN KEY" -> "23503";
            default -> "23514";
        };
    }

    /** SQLITE_CONSTRAINT for SQLITE_CONSTRAINT_UNIQUE, and so on. */
    private static String primary(String code) {
        int end = code.indexOf('_', "SQLITE_".length());
        return end < 0 ? code : code.substring(0, end);
    }

    /** The database's files are not those any more that were opened; nothing ran, and a new session may have better luck. */
    public static R2dbcException fileChanged(String where, String what) {
        return new R2dbcTransientResourceException(where + ": " + what, FILE_CHANGED);
    }

    /** The database's files are not there any more, and somebody must see to it. */
    public static R2dbcException fileLost(String where, String what) {
        return new R2dbcNonTransientResourceException(where + ": " + what, FILE_CHANGED);
    }

    /** No conversation could be had, and nothing ran. */
    public static R2dbcException connectionFailed(String where, String what, @Nullable Throwable cause) {
        return new R2dbcTransientResourceException("cannot reach " + where + ": " + what, CONNECTION_FAILED, cause);
    }

    /** No conversation can be had until something is put right, and nothing ran. */
    public static R2dbcException connectionRefused(String where, String what, @Nullable Throwable cause) {
        return new R2dbcNonTransientResourceException("cannot reach " + where + ": " + what, CONNECTION_REFUSED, cause);
    }

    /** What opens connections was closed by its owner; nothing ran. */
    public static R2dbcException factoryClosed(String where) {
        return new R2dbcNonTransientResourceException(
                "the connection factory of " + where + " was closed (use one that is open)", CONNECTION_REFUSED);
    }

    /** The conversation broke in the middle; only for what changes nothing, so that it can be tried again. */
    public static R2dbcException brokenOff(String where, String what, @Nullable String sql, @Nullable Throwable cause) {
        return new R2dbcTransientResourceException(what + " on " + where, CONNECTION_BROKEN, 0, sql, cause);
    }

    /** The database has too much to do and refused; nothing ran. */
    public static R2dbcException overloaded(String where, String what, @Nullable String sql) {
        return new R2dbcTransientResourceException(
                what + " on " + where + " (nothing ran: try again later)", OVERLOADED, 0, sql, null);
    }

    /** The other side does not speak as its protocol says. */
    public static R2dbcException protocol(String where, String what, @Nullable String sql, @Nullable Throwable cause) {
        return new R2dbcNonTransientResourceException(what + " on " + where, "08P01", 0, sql, cause);
    }

    /** A statement was stopped by its timeout and changed nothing. */
    public static R2dbcException timedOut(String where, String what, @Nullable String sql, @Nullable Throwable cause) {
        return new R2dbcTimeoutException(what + " on " + where, CANCELLED, 0, sql, cause);
    }

    /** The transaction is gone and changed nothing. */
    public static R2dbcException transactionLost(
            String where, String what, @Nullable String sql, @Nullable Throwable cause) {
        return new R2dbcRollbackException(
                "transaction lost on " + where + ": " + what + " (it was rolled back: run all of it again)",
                TRANSACTION_LOST,
                0,
                sql,
                cause);
    }

    /** The caller could not show who it is. */
    public static R2dbcException unauthorized(String where, String what, @Nullable String sql) {
        return new R2dbcPermissionDeniedException(what + " on " + where, "28000", 0, sql, null);
    }

    /** The caller is known but may not do this. */
    public static R2dbcException forbidden(String where, String what, @Nullable String sql) {
        return new R2dbcPermissionDeniedException(what + " on " + where, "42501", 0, sql, null);
    }

    /** There is no such database. */
    public static R2dbcException noDatabase(String where, String what, @Nullable String sql) {
        return new R2dbcNonTransientResourceException(what + " on " + where, "3D000", 0, sql, null);
    }

    /** The statement, or its arguments, are not what the database understands. */
    public static R2dbcException badGrammar(String where, String what, @Nullable String sql) {
        return new R2dbcBadGrammarException(what + " on " + where, "42000", 0, sql, null);
    }

    /** Something is larger than the database takes or gives. */
    public static R2dbcException tooLarge(String where, String what, @Nullable String sql) {
        return new R2dbcDataIntegrityViolationException(what + " on " + where, "54000", 0, sql, null);
    }

    /** The session was used after it was closed, or its stream is gone. */
    public static R2dbcException sessionGone(String where, String what) {
        return new R2dbcNonTransientResourceException(what + " on " + where + " (open a new connection)", SESSION_GONE);
    }
}
