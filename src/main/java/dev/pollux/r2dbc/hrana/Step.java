package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.transport.Call;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/**
 * A statement of a batch.
 *
 * @param condition when to run it, or null for always
 */
record Step(Call call, @Nullable Condition condition) {

    /** When the server runs a step; it decides when the steps before have run. */
    sealed interface Condition {

        void write(JsonGenerator json);

        /** That a step ran and worked. */
        record Ok(int step) implements Condition {
            @Override
            public void write(JsonGenerator json) {
                json.writeStartObject();
                json.writeStringProperty("type", "ok");
                json.writeNumberProperty("step", step);
                json.writeEndObject();
            }
        }

        /** The opposite. */
        record Not(Condition condition) implements Condition {
            @Override
            public void write(JsonGenerator json) {
                json.writeStartObject();
                json.writeStringProperty("type", "not");
                json.writeName("cond");
                condition.write(json);
                json.writeEndObject();
            }
        }

        /** All of them. */
        record And(List<Condition> conditions) implements Condition {
            @Override
            public void write(JsonGenerator json) {
                json.writeStartObject();
                json.writeStringProperty("type", "and");
                json.writeName("conds");
                json.writeStartArray();
                conditions.forEach(condition -> condition.write(json));
                json.writeEndArray();
                json.writeEndObject();
            }
        }

        /** That no transaction is open; only known to version 3 of the protocol. */
        record IsAutocommit() implements Condition {
            @Override
            public void write(JsonGenerator json) {
                json.writeStartObject();
                json.writeStringProperty("type", "is_autocommit");
                json.writeEndObject();
            }
        }
    }
}
