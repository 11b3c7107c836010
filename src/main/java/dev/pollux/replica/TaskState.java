package dev.pollux.replica;

import io.r2dbc.spi.Readable;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * A task as one side has it and the other is to hear of it.
 *
 * @param id the task
 * @param terms what the other side is to know of it; null if it was deleted
 * @param lease the remote's number of the replica's hold; 0 for the first
 * @param held whether the replica holds it
 * @param followed whether it was created on the replica, which therefore hears of it wherever it is
 * @param retried whether it had ended and is to run again
 * @param payload where the other side may not have it
 */
record TaskState(
        String id,
        @Nullable Terms terms,
        long lease,
        boolean held,
        boolean followed,
        boolean retried,
        @Nullable ByteBuffer payload) {

    private static final JsonMapper JSON = new JsonMapper();

    /** What both sides know of a task that is there; times are epoch seconds. */
    record Terms(
            String status,
            String queue,
            long attempts,
            long maxAttempts,
            long runAt,
            @Nullable String lastError,
            @Nullable Long doneAt,
            long priority,
            @Nullable String metadata) {

        /** The columns from the status to the metadata, or null where there is no task. */
        static @Nullable Terms read(Readable row, int first) {
            String status = row.get(first, String.class);
            return status == null
                    ? null
                    : new Terms(
                            status,
                            Objects.requireNonNull(row.get(first + 1, String.class)),
                            number(row, first + 2),
                            number(row, first + 3),
                            number(row, first + 4),
                            row.get(first + 5, String.class),
                            row.get(first + 6, Long.class),
                            number(row, first + 7),
                            row.get(first + 8, String.class));
        }

        Terms withoutResult() {
            String brief = lastError == null
                    ? null
                    : status.equals("Done") ? "{\"Ok\":null}" : "{\"Err\":\"too large for the remote database\"}";
            return new Terms(status, queue, attempts, maxAttempts, runAt, brief, doneAt, priority, metadata);
        }

        boolean ended() {
            return status.equals("Done") || status.equals("Killed");
        }
    }

    /** The same, whose payload travels beside it. */
    TaskState withoutPayload() {
        return new TaskState(id, terms, lease, held, followed, retried, null);
    }

    /** The same, without what its handler gave or failed with. */
    TaskState withoutResult() {
        return terms == null ? this : new TaskState(id, terms.withoutResult(), lease, held, followed, retried, payload);
    }

    /** Whether this is about a task that has ended. */
    boolean ended() {
        return terms != null && terms.ended();
    }

    static @Nullable ByteBuffer bytes(Readable row, int column) {
        byte[] bytes = row.get(column, byte[].class);
        return bytes == null ? null : ByteBuffer.wrap(bytes);
    }

    static long number(Readable row, int column) {
        return Objects.requireNonNull(row.get(column, Long.class));
    }

    /** What the statements take as {@code :rows}. */
    static String array(Collection<TaskState> tasks) {
        List<Map<String, @Nullable Object>> rows = new ArrayList<>(tasks.size());
        for (TaskState task : tasks) {
            rows.add(task.members());
        }
        return JSON.writeValueAsString(rows);
    }

    /** A JSON array of ids. */
    static String ids(Collection<String> ids) {
        return JSON.writeValueAsString(ids);
    }

    /** What such an array has. */
    static List<String> ids(String array) {
        return List.of(JSON.readValue(array, String[].class));
    }

    /** A JSON object: the id of each task, and the replica's hold. */
    static String leases(Map<String, Long> leases) {
        return JSON.writeValueAsString(leases);
    }

    private Map<String, @Nullable Object> members() {
        Map<String, @Nullable Object> members = new LinkedHashMap<>();
        members.put("id", id);
        members.put("lease", lease);
        members.put("held", held ? 1 : 0);
        members.put("followed", followed ? 1 : 0);
        members.put("retried", retried ? 1 : 0);
        members.put("status", terms == null ? null : terms.status());
        if (terms != null) {
            members.put("queue", terms.queue());
            members.put("attempts", terms.attempts());
            members.put("max_attempts", terms.maxAttempts());
            members.put("run_at", terms.runAt());
            members.put("last_error", terms.lastError());
            members.put("done_at", terms.doneAt());
            members.put("priority", terms.priority());
            members.put("metadata", terms.metadata());
        }
        if (payload != null) {
            String text = text(payload);
            members.put(text == null ? "hex" : "text", text == null ? hex(payload) : text);
        }
        return members;
    }

    private static String hex(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        return HexFormat.of().formatHex(copy);
    }

    /** The text these bytes are, unless they are none that JSON and SQLite both carry unharmed. */
    private static @Nullable String text(ByteBuffer bytes) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(bytes.duplicate())
                    .toString();
            return text.indexOf('\0') < 0 ? text : null;
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
