package dev.pollux;

import io.r2dbc.spi.Readable;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One thing to do on the {@link WriteLane}: a statement with arguments of its own, or one element of the row array that
 * all steps of a turn with the same statement share. Every step may be repeated after a fault, because it is fenced or
 * idempotent, unless it says otherwise.
 *
 * @param <V> what a row of the statement becomes
 * @param <R> what the step gives
 * @param sql the statement
 * @param key the task that its element is about, or null for a step with arguments of its own
 * @param arguments its own arguments by name, or the element under {@link #ELEMENT}
 * @param row reads a row
 * @param settle makes the result of the step's rows; runs on the lane before the next turn starts, so it must be quick.
 *     An element's rows are those whose {@link Rows.Item#id()} is the key.
 * @param patience how long passing faults are retried before the step fails
 * @param repeatable whether it may run again after an attempt whose outcome is unknown
 * @param onFault told of each failed try and the wait before the next, null if there is none; steps of one turn that have
 *     the same one are told of together
 */
record Step<V, R>(
        Sql sql,
        @Nullable String key,
        Map<String, Object> arguments,
        Function<Readable, V> row,
        Function<Rowset<V>, R> settle,
        Duration patience,
        boolean repeatable,
        BiConsumer<Throwable, Retry> onFault) {

    static final String ELEMENT = "";

    /** The rows of a step. */
    record Rowset<V>(List<V> rows, boolean repeated) {
        /** Its only row, or null. */
        @Nullable
        V first() {
            return rows.isEmpty() ? null : rows.get(0);
        }
    }

    /** How many tries failed, and when the next is. */
    record Retry(int tries, @Nullable Duration in) {}

    /** Its statement and task: the arguments may be secret. */
    @Override
    public String toString() {
        return "Step[" + sql + ", " + key + "]";
    }

    boolean isElement() {
        return key != null;
    }
}
