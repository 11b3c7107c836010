package dev.pollux;

import io.r2dbc.spi.Readable;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One thing to do on the {@link WriteLane}: a statement of its own, or what is to be done with one task by a statement
 * that all steps of a turn with the same statement and arguments share. Every step may be repeated after a fault, because
 * it is fenced or idempotent, unless it says otherwise.
 *
 * @param <V> what a row of the statement becomes
 * @param <R> what the step gives
 * @param sql the statement
 * @param arguments the statement's arguments by name, but for the tasks; one that is a {@link Supplier} is asked when the
 *     step goes out
 * @param element the task it is about, or null for a step with a statement of its own
 * @param row reads a row
 * @param settle makes the result of the step's rows; runs on the lane before the next turn starts, so it must be quick.
 *     An element's rows are those whose {@link Rows.Item#id()} is its task.
 * @param patience how long passing faults are retried before the step fails; asked at each
 * @param repeatable whether it may run again after an attempt whose outcome is unknown
 * @param heavy whether its caller goes on with much work, and may be told when the next turn is on its way
 * @param onFault told of each failed try and the wait before the next, null if there is none; steps of one turn that have
 *     the same one are told of together
 */
record Step<V, R>(
        Sql sql,
        Map<String, Object> arguments,
        @Nullable Element element,
        Function<Readable, V> row,
        Function<Rowset<V>, R> settle,
        Supplier<Duration> patience,
        boolean repeatable,
        boolean heavy,
        BiConsumer<Throwable, Retry> onFault) {

    /**
     * A task and what a statement is told of it: a member of the JSON object of all tasks of that statement in a turn, which
     * is the one parameter that {@link Step#arguments} do not name.
     *
     * @param task the task's id
     * @param lease whose fence the statement is told first; null if it is told of none
     * @param json what the statement is told besides, as JSON: values with commas between them; empty if it is told nothing
     * @param known the row that the statement returns if it changes the task, or null if only the database knows
     */
    record Element(String task, @Nullable Lease lease, String json, Rows.@Nullable Item known) {

        /** Writes it as a member of an object. */
        void appendTo(StringBuilder object) {
            Json.appendQuoted(object, task);
            object.append(':');
            if (lease == null) {
                object.append(json);
            } else if (json.isEmpty()) {
                Json.appendQuoted(object, lease.fence());
            } else {
                Json.appendQuoted(object.append('['), lease.fence());
                object.append(',').append(json).append(']');
            }
        }

        /** Writes it as a member of an object for a statement that knows the fence. */
        void appendFencedTo(StringBuilder object) {
            Json.appendQuoted(object, task);
            object.append(':').append(json.isEmpty() ? "0" : json);
        }

        /** About how many characters it takes. */
        int size() {
            return task.length()
                    + json.length()
                    + (lease == null ? 0 : lease.worker().length());
        }

        /** The task: the rest may be secret. */
        @Override
        public String toString() {
            return task;
        }
    }

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
        return "Step[" + sql + ", " + element + "]";
    }

    /** Whether another try makes sense. An outcome cannot be made again, so it also waits for somebody to help. */
    boolean bears(Throwable fault) {
        return Fault.passing(fault) || ((sql == Sql.ACK || sql == Sql.ACK_FAILED) && Fault.curable(fault));
    }

    boolean isElement() {
        return element != null;
    }
}
