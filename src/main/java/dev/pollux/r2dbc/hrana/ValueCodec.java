package dev.pollux.r2dbc.hrana;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.Base64Variant;
import tools.jackson.core.Base64Variants;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * Values between Java and Hrana's JSON. Integers travel as strings, for JSON numbers are 64-bit floats to many; blobs
 * as standard base64, which the server sends without padding and takes either way.
 *
 * <p>SQLite's infinities have no JSON: the server sends a float without a value for them, which is read as null, the
 * way SQLite itself stores NaN. They can't be sent either, and that is refused rather than turned into something else.
 */
final class ValueCodec {

    private static final Base64Variant BASE64 =
            Base64Variants.MIME_NO_LINEFEEDS.withReadPadding(Base64Variant.PaddingReadBehaviour.PADDING_ALLOWED);

    private ValueCodec() {}

    static void write(JsonGenerator json, @Nullable Object value) {
        json.writeStartObject();
        if (value == null) {
            json.writeStringProperty("type", "null");
        } else if (value instanceof Long number) {
            json.writeStringProperty("type", "integer");
            json.writeStringProperty("value", number.toString());
        } else if (value instanceof Double number) {
            if (!Double.isFinite(number)) {
                throw new IllegalArgumentException(
                        number + " cannot be sent to a remote database: JSON has no infinities and no NaN");
            }
            json.writeStringProperty("type", "float");
            json.writeNumberProperty("value", number);
        } else if (value instanceof String text) {
            json.writeStringProperty("type", "text");
            json.writeStringProperty("value", text);
        } else if (value instanceof byte[] bytes) {
            json.writeStringProperty("type", "blob");
            json.writeName("base64");
            json.writeBinary(BASE64, bytes, 0, bytes.length);
        } else {
            throw new IllegalArgumentException("a database value must be a Long, Double, String or byte[], not a "
                    + value.getClass().getName());
        }
        json.writeEndObject();
    }

    /** Reads the value whose object has just begun. */
    static @Nullable Object read(JsonParser json) {
        Json.expect(json, JsonToken.START_OBJECT);
        String type = null;
        Object value = null;
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            JsonToken token = json.nextToken();
            switch (name) {
                case "type" -> type = Json.text(json);
                case "base64" -> value = json.getBinaryValue(BASE64);
                case "value" ->
                    value = switch (token) {
                        case VALUE_STRING -> json.getString();
                        case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> json.getNumberValue();
                        case VALUE_NULL -> null;
                        default -> throw new MalformedReplyException("a value that is a " + token);
                    };
                default -> json.skipChildren();
            }
        }
        return convert(type, value);
    }

    private static @Nullable Object convert(@Nullable String type, @Nullable Object value) {
        if (type == null) {
            throw new MalformedReplyException("a value without a type");
        }
        boolean fits = switch (type) {
            case "null" -> true;
            case "integer" -> value instanceof String || value instanceof Long || value instanceof Integer;
            case "float" -> value == null || value instanceof Number;
            case "text" -> value instanceof String;
            case "blob" -> value instanceof byte[];
            default -> false;
        };
        if (!fits) {
            throw new MalformedReplyException("a value of type " + type + " that holds something else");
        }
        return switch (type) {
            case "null" -> null;
            case "integer" -> integer(value);
            case "float" -> value instanceof Number number ? number.doubleValue() : null;
            default -> value;
        };
    }

    private static @Nullable Long integer(@Nullable Object value) {
        if (value instanceof Number number) {
            return number.longValue();
        }
        try {
            return Long.valueOf(String.valueOf(value));
        } catch (NumberFormatException e) {
            throw new MalformedReplyException("an integer that is none", e);
        }
    }
}
