package dev.pollux;

import java.util.function.Function;

/**
 * A task as the database has it.
 *
 * @param <T> the type of the payload
 * @param id its id
 * @param args the payload
 * @param status where it is in its life
 * @param attempts how many runs failed or were lost so far
 * @param context what else the database says about it
 */
public record Task<T>(TaskId id, T args, TaskStatus status, int attempts, SqlContext context) {

    /** Which run this is, from 1: {@code attempts + 1}. */
    public int attempt() {
        return attempts + 1;
    }

    <R> Task<R> map(Function<? super T, ? extends R> decode) {
        return new Task<>(id, decode.apply(args), status, attempts, context);
    }

    Task<T> withStatus(TaskStatus next) {
        return next == status ? this : new Task<>(id, args, next, attempts, context);
    }

    /** Everything but the payload, which may be secret. */
    @Override
    public String toString() {
        return "Task[id=" + id + ", status=" + status + ", attempts=" + attempts + ", context=" + context + "]";
    }
}
