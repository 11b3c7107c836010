package dev.pollux.r2dbc;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Reads a text by SQLite's rules of lexis, in one pass: splits it into statements, numbers its parameters, and looks at
 * each statement just closely enough to know whether it may write. It judges no grammar; that is the database's part.
 *
 * <p>A trigger's body holds semicolons of its own, so a CREATE TRIGGER ends, as in SQLite's own {@code
 * sqlite3_complete}, at the semicolon after an END that follows a semicolon.
 *
 * @see <a href="https://www.sqlite.org/c3ref/complete.html">sqlite3_complete</a>
 */
final class SqlScanner {

    private static final char BYTE_ORDER_MARK = '\uFEFF';

    private final String text;
    private final SqlParameters parameters = new SqlParameters();
    private final List<ParsedStatement> statements = new ArrayList<>(1);

    /** The statement being read; empty between statements. */
    private StatementReader statement;

    private SqlScanner(String text) {
        this.text = text;
        this.statement = new StatementReader(text);
    }

    /**
     * Reads a text of one or several statements.
     *
     * @throws IllegalArgumentException if there is none, one of them controls transactions, or UTF-8 cannot hold the text
     */
    static ParsedSql parse(String text) {
        int unpaired = Surrogates.unpaired(text);
        if (unpaired >= 0) {
            throw new IllegalArgumentException("the SQL text holds an unpaired surrogate at index " + unpaired);
        }
        return new SqlScanner(text).parse();
    }

    private ParsedSql parse() {
        int at = 0;
        while (at < text.length()) {
            at = token(at);
        }
        finish();
        if (statements.isEmpty()) {
            throw new IllegalArgumentException("the SQL text holds no statement");
        }
        return new ParsedSql(
                List.copyOf(statements), parameters.count(), parameters.used(), Map.copyOf(parameters.names()));
    }

    /** Reads one token, or one stretch of blank space or comment. */
    private int token(int start) {
        char c = text.charAt(start);
        return switch (c) {
            // SQLite takes a byte order mark for blank space, too.
            case ' ', '\t', '\n', '\r', '\f', BYTE_ORDER_MARK -> start + 1;
            case '-' -> text.startsWith("--", start) ? past(start + 2, '\n') : symbol(start, c);
            case '/' -> text.startsWith("/*", start) ? pastComment(start + 2) : symbol(start, c);
            case '\'', '"', '`' -> other(start, pastQuote(start, c));
            case '[' -> other(start, past(start + 1, ']'));
            case '?' -> parameter(start, pastDigits(start + 1));
            case ':', '@', '$' -> {
                int end = pastName(start + 1);
                yield end == start + 1 ? symbol(start, c) : parameter(start, end);
            }
            case ';' -> semicolon(start);
            default -> {
                if (isWordStart(c)) {
                    yield word(start);
                }
                yield c >= '0' && c <= '9' ? other(start, pastWord(start)) : symbol(start, c);
            }
        };
    }

    private int semicolon(int start) {
        if (statement.endsAtSemicolon()) {
            finish();
        }
        return start + 1;
    }

    private int word(int start) {
        int end = pastWord(start);
        statement.word(start, end);
        return end;
    }

    private int parameter(int start, int end) {
        statement.parameter(start, end, parameters.index(text.substring(start, end)));
        return end;
    }

    private int symbol(int start, char c) {
        statement.symbol(start, c);
        return start + 1;
    }

    private int other(int start, int end) {
        statement.other(start, end);
        return end;
    }

    private void finish() {
        if (!statement.isEmpty()) {
            statements.add(statement.finish());
        }
        statement = new StatementReader(text);
    }

    private int past(int from, char last) {
        int found = text.indexOf(last, from);
        return found < 0 ? text.length() : found + 1;
    }

    private int pastComment(int from) {
        int found = text.indexOf("*/", from);
        return found < 0 ? text.length() : found + 2;
    }

    /** A quote inside quotes is doubled; an open quote runs to the end, for the database to complain about. */
    private int pastQuote(int start, char quote) {
        int at = start + 1;
        while (true) {
            int found = text.indexOf(quote, at);
            if (found < 0) {
                return text.length();
            }
            if (found + 1 == text.length() || text.charAt(found + 1) != quote) {
                return found + 1;
            }
            at = found + 2;
        }
    }

    private int pastDigits(int from) {
        int at = from;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        return at;
    }

    private int pastWord(int from) {
        int at = from;
        while (at < text.length() && isWordPart(text.charAt(at))) {
            at++;
        }
        return at;
    }

    /** SQLite lets a parameter's name hold {@code ::}. */
    private int pastName(int from) {
        int at = pastWord(from);
        while (at > from && text.startsWith("::", at)) {
            at = pastWord(at + 2);
        }
        return at;
    }

    private static boolean isWordStart(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
    }

    private static boolean isWordPart(char c) {
        return isWordStart(c) || (c >= '0' && c <= '9') || c == '$';
    }
}
