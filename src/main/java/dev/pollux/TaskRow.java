package dev.pollux;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A task on its way into the table.
 *
 * @param text its payload as text, or null if it is none
 * @param runAt when it is due, in epoch seconds, or null for now plus {@code delayMillis}
 * @param metadata a JSON object
 */
record TaskRow(
        TaskId id,
        ByteBuffer payload,
        @Nullable String text,
        long maxAttempts,
        @Nullable Long runAt,
        long delayMillis,
        int priority,
        String metadata) {

    /** Whether it has nothing but a payload in text, so that the lean statements will do. */
    boolean isPlain() {
        return text != null && runAt == null && delayMillis == 0 && priority == 0 && metadata.equals("{}");
    }

    /** What PUSH and PUSH_BATCH are told of it. */
    Step.Element plain() {
        if (text == null) {
            throw new IllegalStateException("not a plain task");
        }
        StringBuilder json = new StringBuilder(text.length() + text.length() / 4 + 2);
        Json.appendQuoted(json, text);
        return new Step.Element(id.value(), null, json.toString(), null);
    }

    /** What PUSH_DETAILED and PUSH_BATCH_DETAILED are told of it. */
    Step.Element detailed() {
        StringBuilder json = new StringBuilder("[").append(maxAttempts).append(',');
        json.append(runAt)
                .append(',')
                .append(delayMillis)
                .append(',')
                .append(priority)
                .append(',')
                .append(metadata);
        json.append(',');
        if (text == null) {
            json.append("null,\"").append(Json.hex(payload)).append('"');
        } else {
            Json.appendQuoted(json, text);
        }
        return new Step.Element(id.value(), null, json.append(']').toString(), null);
    }

    /** About how many characters it adds to a statement's argument. */
    int size() {
        return (text == null ? payload.remaining() * 2 : text.length())
                + metadata.length()
                + id.value().length();
    }

    /** Its id: the rest may be secret. */
    @Override
    public String toString() {
        return "TaskRow[" + id + "]";
    }
}
