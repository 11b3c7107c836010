package dev.pollux.r2dbc.transport;

import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/**
 * What one call gave.
 *
 * @param columns the columns of its rows; empty if the statement returns no rows
 * @param rows the first rows, or all of them; each value is null or one of {@link Long}, {@link Double},
 *     {@link String} and {@code byte[]}
 * @param more the rows after those, in portions, or null if there are none. It can be subscribed once, emits a portion
 *     for each one requested, and must be consumed or cancelled, for an open cursor holds a read snapshot. Only a
 *     reading call that is alone in its work has more rows.
 * @param rowsAffected how many rows the call inserted, updated or deleted; 0 for a reading call
 */
public record Answer(
        List<Column> columns,
        List<@Nullable Object[]> rows,
        @Nullable Flux<List<@Nullable Object[]>> more,
        long rowsAffected) {

    /** Shared, for work of a thousand inserts has a thousand of these. */
    private static final Answer ONE_ROW_CHANGED = new Answer(List.of(), List.of(), null, 1);

    /** The answer to a statement that returns no rows. */
    public static Answer changed(long rowsAffected) {
        return whole(List.of(), List.of(), rowsAffected);
    }

    /** A whole answer. */
    public static Answer whole(List<Column> columns, List<@Nullable Object[]> rows, long rowsAffected) {
        return columns.isEmpty() && rowsAffected == 1 ? ONE_ROW_CHANGED : new Answer(columns, rows, null, rowsAffected);
    }

    /** Its shape without its values, which may be secret. */
    @Override
    public String toString() {
        return "Answer[" + columns.size() + " columns, " + rows.size() + " rows" + (more == null ? "" : " and more")
                + ", " + rowsAffected + " affected]";
    }
}
