package dev.pollux.r2dbc;

import dev.pollux.r2dbc.transport.Call;
import org.jspecify.annotations.Nullable;

/**
 * One statement of a text, as a transport wants it.
 *
 * @param sql the statement alone, its parameters numbered {@code ?1}, {@code ?2} and so on without gaps
 * @param kind what running it may do
 * @param changesRows whether it is an INSERT, REPLACE, UPDATE or DELETE
 * @param returning whether it has a RETURNING clause of its own
 * @param slots for {@code ?1}, {@code ?2} and so on, the zero-based index of the parameter in the whole text
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never shown
record ParsedStatement(String sql, Call.Kind kind, boolean changesRows, boolean returning, int[] slots) {

    /**
     * This statement with its share of the values that were bound to the whole text.
     *
     * @param generated the RETURNING clause to add if this statement changes rows and has none, or null
     */
    Call call(@Nullable Object[] values, @Nullable String generated) {
        String text = generated != null && changesRows && !returning ? sql + generated : sql;
        if (takesAllInOrder(values)) {
            return new Call(text, kind, values);
        }
        @Nullable Object[] arguments = new @Nullable Object[slots.length];
        for (int i = 0; i < slots.length; i++) {
            arguments[i] = values[slots[i]];
        }
        return new Call(text, kind, arguments);
    }

    private boolean takesAllInOrder(@Nullable Object[] values) {
        boolean all = slots.length == values.length;
        for (int i = 0; all && i < slots.length; i++) {
            all = slots[i] == i;
        }
        return all;
    }
}
