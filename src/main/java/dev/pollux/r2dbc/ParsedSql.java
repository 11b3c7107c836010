package dev.pollux.r2dbc;

import dev.pollux.r2dbc.transport.Call;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a text holds: its statements in order and the parameters they share. Immutable, and cached by text.
 *
 * @param statements at least one
 * @param parameterCount one more than the highest zero-based index of a parameter
 * @param used the indexes that occur in the text; {@code ?1, ?3} leaves a gap
 * @param names every spelling that names a parameter, with its zero-based index
 */
record ParsedSql(List<ParsedStatement> statements, int parameterCount, BitSet used, Map<String, Integer> names) {

    /** Adds the calls of one set of values. */
    void addCalls(List<Call> calls, @Nullable Object[] values, @Nullable String generated) {
        for (ParsedStatement statement : statements) {
            calls.add(statement.call(values, generated));
        }
    }
}
