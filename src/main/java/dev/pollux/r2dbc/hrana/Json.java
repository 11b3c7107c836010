package dev.pollux.r2dbc.hrana;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/** The JSON reader and writer that the package shares, and a few strict steps of reading. */
final class Json {

    /** The server limits its answers (10 MB, and 5 MB a row); a second limit here would only cut strings short of it. */
    static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private static final double MOST_MILLIS = 1e9;

    private Json() {}

    static JsonParser parser(byte[] bytes) {
        return FACTORY.createParser(ObjectReadContext.empty(), bytes);
    }

    static void expect(JsonParser json, JsonToken expected) {
        if (json.currentToken() != expected) {
            throw new MalformedReplyException("a " + json.currentToken() + " in the place of a " + expected);
        }
    }

    /** The text here that has a meaning in the protocol, or null if there is a JSON null. */
    static @Nullable String text(JsonParser json) {
        if (json.currentToken() == JsonToken.VALUE_NULL) {
            return null;
        }
        Json.expect(json, JsonToken.VALUE_STRING);
        String text = json.getString();
        if (!UTF_8.newEncoder().canEncode(text)) {
            throw new MalformedReplyException("a text with half of a surrogate pair");
        }
        return text;
    }

    /** The number of milliseconds here, which is only a hint: zero if it is none that makes sense. */
    static Duration millis(JsonParser json) {
        double millis = json.currentToken().isNumeric() ? json.getDoubleValue() : 0;
        json.skipChildren();
        return millis > 0 && millis < MOST_MILLIS ? Duration.ofNanos((long) (millis * 1e6)) : Duration.ZERO;
    }

    /** The integer here, as a number or, as Hrana writes 64-bit ones, as a string; null if there is a JSON null. */
    static @Nullable Long integer(JsonParser json) {
        if (json.currentToken() == JsonToken.VALUE_NUMBER_INT) {
            return json.getLongValue();
        }
        String digits = text(json);
        try {
            return digits == null ? null : Long.valueOf(digits);
        } catch (NumberFormatException e) {
            throw new MalformedReplyException("an integer that is none", e);
        }
    }
}
