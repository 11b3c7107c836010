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
        /** Run one statement. */
        record Execute(Call call) implements Request {}

        /** Run a batch. */
        record Batch(List<Step> steps) implements Request {}

        /** End the stream; nothing may follow. */
        record Close() implements Request {}
    }

    static final Request CLOSE = new Request.Close();

    /** The body for {@code pipeline}; a null baton opens a stream. */
    static byte[] pipeline(@Nullable String baton, List<Request> requests) {
        return bytes(json -> {
            json.writeStartObject();
            baton(json, baton);
            json.writeName("requests");
            json.writeStartArray();
            for (Request request : requests) {
                json.writeStartObject();
                if (request instanceof Request.Execute execute) {
                    json.writeStringProperty("type", "execute");
                    statement(json, execute.call());
                } else if (request instanceof Request.Batch batch) {
                    json.writeStringProperty("type", "batch");
                    batch(json, batch.steps());
                } else {
                    json.writeStringProperty("type", "close");
                }
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    /** The body for {@code cursor}. */
    static byte[] cursor(@Nullable String baton, List<Step> steps) {
        return bytes(json -> {
            json.writeStartObject();
            baton(json, baton);
            batch(json, steps);
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

    private static void batch(JsonGenerator json, List<Step> steps) {
        json.writeName("batch");
        json.writeStartObject();
        json.writeName("steps");
        json.writeStartArray();
        for (Step step : steps) {
            json.writeStartObject();
            if (step.condition() != null) {
                json.writeName("condition");
                step.condition().write(json);
            }
            statement(json, step.call());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void statement(JsonGenerator json, Call call) {
        json.writeName("stmt");
        json.writeStartObject();
        json.writeStringProperty("sql", call.sql());
        if (!call.arguments().isEmpty()) {
            json.writeName("args");
            json.writeStartArray();
            for (Object argument : call.arguments()) {
                ValueCodec.write(json, argument);
            }
            json.writeEndArray();
        }
        json.writeEndObject();
    }
}
