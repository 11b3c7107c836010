package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.hrana.PipelineReply.Result;
import dev.pollux.r2dbc.hrana.PipelineReply.ServerError;
import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Column;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** Reads the answers of pipelines. Fields it does not know are passed over, as the protocol asks. */
final class ReplyReader {

    private ReplyReader() {}

    /**
     * Reads a whole answer.
     *
     * @throws MalformedReplyException if it is not what the protocol says
     */
    static PipelineReply read(byte[] body) {
        try (JsonParser json = Json.parser(body)) {
            json.nextToken();
            Json.expect(json, JsonToken.START_OBJECT);
            String baton = null;
            String baseUrl = null;
            List<Result> results = null;
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String name = json.currentName();
                json.nextToken();
                switch (name) {
                    case "baton" -> baton = Json.text(json);
                    case "base_url" -> baseUrl = Json.text(json);
                    case "results" -> results = list(json, ReplyReader::result);
                    default -> json.skipChildren();
                }
            }
            if (results == null || results.isEmpty()) {
                throw new MalformedReplyException("an answer without results");
            }
            return new PipelineReply(baton, baseUrl, results);
        } catch (JacksonException e) {
            throw new MalformedReplyException("not JSON", e);
        }
    }

    private static Result result(JsonParser json) {
        Json.expect(json, JsonToken.START_OBJECT);
        Result result = new Result.Other();
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            json.nextToken();
            switch (name) {
                case "response" -> result = response(json);
                case "error" -> result = new Result.Failed(error(json));
                default -> json.skipChildren();
            }
        }
        return result;
    }

    private static Result response(JsonParser json) {
        Json.expect(json, JsonToken.START_OBJECT);
        Result result = new Result.Other();
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            json.nextToken();
            if (name.equals("result") && json.currentToken() == JsonToken.START_OBJECT) {
                result = body(json);
            } else {
                json.skipChildren();
            }
        }
        return result;
    }

    /** The result of a statement or of a batch; their fields tell them apart. */
    private static Result body(JsonParser json) {
        Statement statement = new Statement();
        List<@Nullable Statement> steps = null;
        List<@Nullable ServerError> errors = null;
        Long index = null;
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            json.nextToken();
            switch (name) {
                case "step_results" ->
                    steps = list(json, p -> p.currentToken() == JsonToken.VALUE_NULL ? null : step(p));
                case "step_errors" ->
                    errors = list(json, p -> p.currentToken() == JsonToken.VALUE_NULL ? null : error(p));
                case "replication_index" -> index = Json.integer(json);
                default -> statement.field(name, json);
            }
        }
        if (steps != null && errors != null) {
            if (steps.size() != errors.size()) {
                throw new MalformedReplyException("a batch whose results and errors differ in number");
            }
            return batched(steps, errors, index);
        }
        return new Result.Executed(statement.answer(), index);
    }

    private static Result batched(
            List<@Nullable Statement> steps, List<@Nullable ServerError> errors, @Nullable Long index) {
        List<@Nullable Answer> answers = new ArrayList<>(steps.size());
        for (Statement step : steps) {
            answers.add(step == null ? null : step.answer());
        }
        Statement first = steps.isEmpty() ? null : steps.get(0);
        return new Result.Batched(answers, errors, first == null ? Duration.ZERO : first.took, index);
    }

    private static Statement step(JsonParser json) {
        Json.expect(json, JsonToken.START_OBJECT);
        Statement statement = new Statement();
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            json.nextToken();
            statement.field(name, json);
        }
        return statement;
    }

    /** The fields of a statement's result as they come. */
    private static final class Statement {
        private List<Column> columns = List.of();
        private List<@Nullable Object[]> rows = List.of();
        private long affected;
        private Duration took = Duration.ZERO;

        void field(String name, JsonParser json) {
            switch (name) {
                case "cols" -> columns = columns(json);
                case "rows" -> rows = list(json, ReplyReader::row);
                case "affected_row_count" -> {
                    Long count = Json.integer(json);
                    affected = count == null ? 0 : count;
                }
                case "query_duration_ms" -> took = Json.millis(json);
                default -> json.skipChildren();
            }
        }

        Answer answer() {
            for (@Nullable Object[] row : rows) {
                requireWidth(row, columns);
            }
            return Answer.whole(columns, rows, affected);
        }
    }

    static List<Column> columns(JsonParser json) {
        return list(json, ReplyReader::column);
    }

    private static Column column(JsonParser json) {
        Json.expect(json, JsonToken.START_OBJECT);
        String label = null;
        String type = null;
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            json.nextToken();
            switch (name) {
                case "name" -> label = Json.text(json);
                case "decltype" -> type = Json.text(json);
                default -> json.skipChildren();
            }
        }
        return new Column(label == null ? "" : label, type);
    }

    static @Nullable Object[] row(JsonParser json) {
        return list(json, ValueCodec::read).toArray();
    }

    /** A row has a value for each column; the driver above counts on that. */
    static void requireWidth(@Nullable Object[] row, List<Column> columns) {
        if (row.length != columns.size()) {
            throw new MalformedReplyException(
                    "a row of " + row.length + " values in a result of " + columns.size() + " columns");
        }
    }

    static ServerError error(JsonParser json) {
        Json.expect(json, JsonToken.START_OBJECT);
        String message = null;
        String code = null;
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            json.nextToken();
            switch (name) {
                case "message" -> message = Json.text(json);
                case "code" -> code = Json.text(json);
                default -> json.skipChildren();
            }
        }
        return new ServerError(message == null ? "an error without a message" : message, code);
    }

    private interface Reader<T extends @Nullable Object> {
        @Nullable
        T read(JsonParser json);
    }

    private static <T extends @Nullable Object> List<T> list(JsonParser json, Reader<T> reader) {
        Json.expect(json, JsonToken.START_ARRAY);
        List<T> list = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            list.add(reader.read(json));
        }
        return list;
    }
}
