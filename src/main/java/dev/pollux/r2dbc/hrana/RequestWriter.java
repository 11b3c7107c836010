package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.transport.Call;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.exc.StreamWriteException;
import tools.jackson.core.util.ByteArrayBuilder;

/**
 * Writes the bodies of requests.
 *
 * @see <a href="https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_3_SPEC.md">Hrana 3</a>
 */
final class RequestWriter {

    private RequestWriter() {}

    /** What a pipeline asks for, in order. */
    sealed interface Request {
        /** The replication index that it is to come after, or null for none. */
        default @Nullable Long after() {
            return null;
        }

        /** Run one statement. */
        record Execute(Call call, @Nullable Long after) implements Request {}

        /** Run a batch. */
        record Batch(List<Step> steps, @Nullable Long after) implements Request {}

        /** End the stream; nothing may follow. */
        record Close() implements Request {}
    }

    static final Request CLOSE = new Request.Close();

    /**
     * The body for {@code pipeline}; a null baton opens a stream.
     *
     * @param repeated texts that are sent once, ahead of the requests, whose steps name them by number
     */
    static byte[] pipeline(@Nullable String baton, List<Request> requests, RepeatedSql repeated) {
        return bytes(json -> {
            json.writeStartObject();
            baton(json, baton);
            json.writeName("requests");
            json.writeStartArray();
            repeated.writeStored(json);
            for (Request request : requests) {
                json.writeStartObject();
                request(json, request, repeated);
                json.writeEndObject();
            }
            if (!(requests.get(requests.size() - 1) instanceof Request.Close)) {
                repeated.writeForgotten(json);
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    private static void request(JsonGenerator json, Request request, RepeatedSql repeated) {
        if (request instanceof Request.Execute execute) {
            json.writeStringProperty("type", "execute");
            json.writeName("stmt");
            statement(json, execute.call(), RepeatedSql.NONE, execute.after());
        } else if (request instanceof Request.Batch batch) {
            json.writeStringProperty("type", "batch");
            batch(json, batch.steps(), repeated, batch.after());
        } else {
            json.writeStringProperty("type", "close");
        }
    }

    /**
     * The body for {@code cursor}.
     *
     * @param after the replication index that it is to come after, or null for none
     */
    static byte[] cursor(@Nullable String baton, List<Step> steps, @Nullable Long after) {
        return bytes(json -> {
            json.writeStartObject();
            baton(json, baton);
            batch(json, steps, RepeatedSql.NONE, after);
            json.writeEndObject();
        });
    }

    private interface Content {
        void write(JsonGenerator json);
    }

    private static byte[] bytes(Content content) {
        ByteArrayBuilder out = new ByteArrayBuilder();
        try (JsonGenerator json = Json.FACTORY.createGenerator(ObjectWriteContext.empty(), out)) {
            content.write(json);
        } catch (StreamWriteException e) {
            // Only half a surrogate pair does this, and its message would quote what may be secret.
            throw new IllegalArgumentException("a text holds half of a surrogate pair and cannot be sent as UTF-8");
        }
        return out.toByteArray();
    }

    private static void baton(JsonGenerator json, @Nullable String baton) {
        json.writeName("baton");
        if (baton == null) {
            json.writeNull();
        } else {
            json.writeString(baton);
        }
    }

    private static void batch(JsonGenerator json, List<Step> steps, RepeatedSql repeated, @Nullable Long after) {
        json.writeName("batch");
        json.writeStartObject();
        // sqld heeds the one of a batch, and not those of its statements.
        after(json, after);
        json.writeName("steps");
        json.writeStartArray();
        for (Step step : steps) {
            json.writeStartObject();
            if (step.condition() != null) {
                json.writeName("condition");
                step.condition().write(json);
            }
            json.writeName("stmt");
            statement(json, step.call(), repeated, null);
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void statement(JsonGenerator json, Call call, RepeatedSql repeated, @Nullable Long after) {
        json.writeStartObject();
        repeated.writeText(json, call.sql());
        if (call.arguments().length > 0) {
            json.writeName("args");
            json.writeStartArray();
            for (Object argument : call.arguments()) {
                ValueCodec.write(json, argument);
            }
            json.writeEndArray();
        }
        after(json, after);
        json.writeEndObject();
    }

    /** As a string, for that is how 64-bit integers travel. */
    private static void after(JsonGenerator json, @Nullable Long index) {
        if (index != null) {
            json.writeStringProperty("replication_index", index.toString());
        }
    }
}
