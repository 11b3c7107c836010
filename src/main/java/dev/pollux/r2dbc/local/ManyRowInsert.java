package dev.pollux.r2dbc.local;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * An INSERT of one row, written again for many rows.
 *
 * @param table the table's name, without quotes
 * @param rows for how many rows it is
 * @param sql the statement, whose parameters are those of the rows, one row after the other
 */
record ManyRowInsert(String table, int rows, String sql) {

    /** More than this gains little, and makes SQLite's program longer. */
    private static final int MOST_ROWS = 64;

    private static final int MOST_PARAMETERS = 1024;

    /** Fewer are not worth a statement of their own. */
    private static final int FEWEST_ROWS = 16;

    /** A row of parameters and nothing else, for an expression may read what the rows before have changed. */
    private static final Pattern ONE_ROW = Pattern.compile(
            "(\\s*INSERT\\s+INTO\\s+(\\w+|\"[^\"]+\")\\s*(?:\\([\\w\\s,\"]+\\)\\s*)?VALUES\\s*)\\(([?\\d\\s,]+)\\)\\s*",
            Pattern.CASE_INSENSITIVE);

    /** The same for many rows, or null if this is not such a statement. */
    static @Nullable ManyRowInsert of(String sql) {
        Matcher insert = ONE_ROW.matcher(sql);
        if (!insert.matches()) {
            return null;
        }
        String parameters = insert.group(3).replaceAll("\\s", "");
        int count = 1 + (int) parameters.chars().filter(c -> c == ',').count();
        String inOrder = IntStream.rangeClosed(1, count).mapToObj(i -> "?" + i).collect(Collectors.joining(","));
        if (!parameters.equals(inOrder)) {
            return null;
        }
        int rows = Math.min(MOST_ROWS, MOST_PARAMETERS / count);
        if (rows < FEWEST_ROWS) {
            return null;
        }
        String row = "(?" + ", ?".repeat(count - 1) + ")";
        return new ManyRowInsert(
                insert.group(2).replace("\"", ""), rows, insert.group(1) + row + (", " + row).repeat(rows - 1));
    }

    /** Whether an INSERT into a table of this definition adds a row, or fails, whatever the rows beside it are. */
    static boolean addsEachRow(String createTable) {
        String definition = createTable.toUpperCase(Locale.ROOT);
        // A row that conflicts may be left out, one may refer to a row that comes after it, and a default may be
        // changes().
        return !definition.contains("CONFLICT")
                && !definition.contains("CHANGES")
                && !definition.contains("REFERENCES")
                && !definition.contains("VIRTUAL");
    }
}
