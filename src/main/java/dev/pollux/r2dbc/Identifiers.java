package dev.pollux.r2dbc;

/** Names in SQL text. */
final class Identifiers {

    private Identifiers() {}

    /**
     * A column's name quoted. Backticks, because SQLite takes a name in double quotes that it does not know for a text.
     *
     * @see <a href="https://www.sqlite.org/quirks.html#dblquote">SQLite: double-quoted string literals are accepted</a>
     */
    static String column(String name) {
        return "*".equals(name) ? name : '`' + name.replace("`", "``") + '`';
    }

    /** A savepoint's name quoted. */
    static String savepoint(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }
}
