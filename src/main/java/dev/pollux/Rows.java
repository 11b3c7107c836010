package dev.pollux;

import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.util.Comparator;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads the rows that the queue's statements return. */
final class Rows {

    /** The order in which tasks are handed out; an UPDATE's RETURNING has none. */
    static final Comparator<Task<?>> BY_TURN = Comparator.<Task<?>>comparingInt(
                    task -> -task.context().priority())
            .thenComparing(task -> task.context().runAt())
            .thenComparing(task -> task.id().value());

    private Rows() {}

    /** What a row of PUSH, LOCK, RELEASE, ACK, ACK_FAILED, SWEEP, LEASES_OF or INSPECT tells of a task. */
    record Item(
            String id,
            @Nullable TaskStatus status,
            int attempts,
            @Nullable String lockBy,
            long lease) {}

    static Item named(Readable row) {
        return new Item(text(row, 0), null, 0, null, 0);
    }

    static Item moved(Readable row) {
        return new Item(text(row, 0), TaskStatus.ofColumn(text(row, 1)), integer(row, 2), null, 0);
    }

    static Item leased(Readable row) {
        return new Item(text(row, 0), null, integer(row, 1), null, number(row, 2));
    }

    static Item inspected(Readable row) {
        return new Item(
                text(row, 0),
                TaskStatus.ofColumn(text(row, 1)),
                integer(row, 2),
                row.get(3, String.class),
                number(row, 4));
    }

    /** A row of FIND. */
    static Task<byte[]> found(Readable row) {
        return task(row, text(row, 10), TaskStatus.ofColumn(text(row, 11)), row.get(12, String.class), number(row, 13));
    }

    /** A row of FETCH, which need not tell what the fetch has just set. */
    static Task<byte[]> fetched(Readable row, String queue, TaskStatus status, String worker, long lease) {
        return task(row, queue, status, worker, lease);
    }

    private static Task<byte[]> task(
            Readable row, String queue, TaskStatus status, @Nullable String lockBy, long lease) {
        SqlContext context = new SqlContext(
                queue,
                integer(row, 3),
                Instant.ofEpochSecond(Objects.requireNonNull(row.get(4, Long.class))),
                row.get(5, String.class),
                instant(row, 6),
                lockBy,
                lease,
                instant(row, 7),
                integer(row, 8),
                Json.readObject(row.get(9, String.class)));
        byte[] payload = Objects.requireNonNull(row.get(0, byte[].class));
        return new Task<>(new TaskId(text(row, 1)), payload, status, integer(row, 2), context);
    }

    static @Nullable Long longOrNull(Readable row) {
        return row.get(0, Long.class);
    }

    /** For statements that return no rows. */
    static String none(Readable row) {
        return "";
    }

    private static String text(Readable row, int column) {
        return Objects.requireNonNull(row.get(column, String.class));
    }

    private static int integer(Readable row, int column) {
        return (int) number(row, column);
    }

    private static long number(Readable row, int column) {
        return Objects.requireNonNull(row.get(column, Long.class));
    }

    private static @Nullable Instant instant(Readable row, int column) {
        Long seconds = row.get(column, Long.class);
        return seconds == null ? null : Instant.ofEpochSecond(seconds);
    }
}
