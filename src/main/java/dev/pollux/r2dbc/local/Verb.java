package dev.pollux.r2dbc.local;

import java.util.Locale;
import java.util.regex.Pattern;

/** What a statement's first word says about it. */
enum Verb {
    /** It begins, commits or rolls back: only the session itself may do that, or it would lose count. */
    TRANSACTION,
    /** It works on a savepoint, which outside a transaction would begin or commit one. */
    SAVEPOINT,
    /** It changes rows, and SQLite counts them. */
    CHANGE,
    /** It adds a database to the connection. */
    ATTACH,
    /** It sets how long SQLite waits for locks, and would put SQLite's own way of waiting in the place of ours. */
    BUSY_TIMEOUT,
    OTHER,
    /** There is no statement, only blanks and comments. */
    NONE;

    private static final Pattern SETS_BUSY_TIMEOUT = Pattern.compile(
            "\\s*(\\w+\\s*\\.\\s*)?\\W?busy_timeout\\W?\\s*[=(].*", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    static Verb of(String sql) {
        int start = skipBlanks(sql, 0);
        if (start == sql.length()) {
            return NONE;
        }
        int end = start;
        while (end < sql.length() && Character.isLetter(sql.charAt(end))) {
            end++;
        }
        return switch (sql.substring(start, end).toUpperCase(Locale.ROOT)) {
            case "BEGIN", "COMMIT", "END" -> TRANSACTION;
            case "ROLLBACK" -> isRollbackTo(sql.substring(end)) ? SAVEPOINT : TRANSACTION;
            case "SAVEPOINT", "RELEASE" -> SAVEPOINT;
            case "INSERT", "REPLACE", "UPDATE", "DELETE" -> CHANGE;
            case "ATTACH" -> ATTACH;
            case "PRAGMA" ->
                SETS_BUSY_TIMEOUT.matcher(sql).region(end, sql.length()).matches() ? BUSY_TIMEOUT : OTHER;
            default -> OTHER;
        };
    }

    private static boolean isRollbackTo(String rest) {
        for (String word : rest.trim().toUpperCase(Locale.ROOT).split("\\s+", 3)) {
            if (word.equals("TO")) {
                return true;
            }
            if (!word.equals("TRANSACTION")) {
                return false;
            }
        }
        return false;
    }

    /** The index after white space and comments. */
    private static int skipBlanks(String sql, int from) {
        int at = from;
        while (at < sql.length()) {
            if (Character.isWhitespace(sql.charAt(at)) || sql.charAt(at) == ';' || sql.charAt(at) == '\uFEFF') {
                at++;
            } else if (sql.startsWith("--", at)) {
                int end = sql.indexOf('\n', at);
                at = end < 0 ? sql.length() : end + 1;
            } else if (sql.startsWith("/*", at)) {
                int end = sql.indexOf("*/", at + 2);
                at = end < 0 ? sql.length() : end + 2;
            } else {
                break;
            }
        }
        return at;
    }
}
