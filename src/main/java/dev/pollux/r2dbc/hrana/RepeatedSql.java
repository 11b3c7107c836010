package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.hrana.RequestWriter.Request;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.core.JsonGenerator;

/**
 * The texts that a batch repeats so often that it pays to send each of them once, by {@code store_sql} at the head of the
 * same pipeline, and to name it by number in the steps. Where binding sets are many, most of a request is the same
 * text again and again.
 *
 * <p>Measured against sqld on loopback, 1,000 binding sets of one INSERT with two short values: with a text of 200
 * characters 364 KB become 165 KB and 15.8 ms become 14.9; with one of 1,000 characters 1,164 KB become 166 KB and 20.7 ms
 * become 14.2. A text that each request of a transaction sends once does not pay: 0.23 ms a request with 4,000 characters
 * of text, and no less with its number. So what is stored is forgotten with the request, and a stream never meets the
 * server's limit on how many it keeps.
 */
final class RepeatedSql {

    /** What must be saved of a request for it to be worth the trouble. */
    static final int WORTH_BYTES = 16 * 1024;

    /** sqld keeps up to 50 texts a stream, of up to 5,000 bytes each. */
    static final int MOST_TEXTS = 50;

    static final int LONGEST_BYTES = 5_000;

    /** Nothing is repeated. */
    static final RepeatedSql NONE = new RepeatedSql(Map.of());

    private final Map<String, Integer> numbers;

    private RepeatedSql(Map<String, Integer> numbers) {
        this.numbers = numbers;
    }

    /** What a request repeats. */
    static RepeatedSql in(Request request) {
        if (!(request instanceof Request.Batch batch)) {
            return NONE;
        }
        Map<String, Integer> uses = new HashMap<>();
        batch.steps().forEach(step -> uses.merge(step.call().sql(), 1, Integer::sum));
        Map<String, Integer> numbers = new LinkedHashMap<>();
        uses.forEach((sql, count) -> {
            if (numbers.size() < MOST_TEXTS && isWorth(sql, count)) {
                numbers.put(sql, numbers.size());
            }
        });
        return numbers.isEmpty() ? NONE : new RepeatedSql(numbers);
    }

    private static boolean isWorth(String sql, int count) {
        return (count - 1L) * sql.length() >= WORTH_BYTES
                && sql.length() <= LONGEST_BYTES
                && sql.getBytes(StandardCharsets.UTF_8).length <= LONGEST_BYTES;
    }

    /** How many requests go ahead of the others. */
    int count() {
        return numbers.size();
    }

    void writeStored(JsonGenerator json) {
        numbers.forEach((sql, number) -> {
            json.writeStartObject();
            json.writeStringProperty("type", "store_sql");
            json.writeNumberProperty("sql_id", number);
            json.writeStringProperty("sql", sql);
            json.writeEndObject();
        });
    }

    void writeForgotten(JsonGenerator json) {
        numbers.values().forEach(number -> {
            json.writeStartObject();
            json.writeStringProperty("type", "close_sql");
            json.writeNumberProperty("sql_id", number);
            json.writeEndObject();
        });
    }

    /** A statement's text, or its number. */
    void writeText(JsonGenerator json, String sql) {
        Integer number = numbers.get(sql);
        if (number == null) {
            json.writeStringProperty("sql", sql);
        } else {
            json.writeNumberProperty("sql_id", number);
        }
    }
}
