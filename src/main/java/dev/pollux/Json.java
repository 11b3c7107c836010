package dev.pollux;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.io.JsonStringEncoder;
import tools.jackson.core.type.TypeReference;

/** The JSON that travels in statements and columns: what a statement is told of its tasks, outcomes and metadata. */
final class Json {

    private static final TypeReference<LinkedHashMap<String, Object>> OBJECT = new TypeReference<>() {};

    private static final String OK_NULL = "{\"Ok\":null}";

    private Json() {}

    /** A JSON array. */
    static String array(@Nullable Object... values) {
        return write(Arrays.asList(values));
    }

    /** A JSON object; its values are what Jackson writes. Half a surrogate pair goes through, for the caller to refuse. */
    static String object(Map<String, ?> members) {
        return members.isEmpty() ? "{}" : JacksonCodec.MAPPER.writeValueAsString(members);
    }

    /** Writes a text as JSON. Half a surrogate pair goes through, for the driver to refuse. */
    static void appendQuoted(StringBuilder target, String text) {
        target.append('"');
        if (isPlain(text)) {
            target.append(text);
        } else {
            JsonStringEncoder.getInstance().quoteAsString(text, target);
        }
        target.append('"');
    }

    /** Whether a text is its own JSON, as that of ids and fences is. */
    private static boolean isPlain(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' || c == '"' || c == '\\') {
                return false;
            }
        }
        return true;
    }

    /** An outcome as serde writes a Rust {@code Result}: {@code {"Ok":value}}. */
    static String ok(@Nullable Object value) {
        return value == null ? OK_NULL : write(Map.of("Ok", value));
    }

    /** An outcome as serde writes a Rust {@code Result}: {@code {"Err":"message"}}. */
    static String err(String message) {
        return write(Map.of("Err", message));
    }

    /** Half a surrogate pair is no text in UTF-8, and a server refuses the whole request: it becomes U+FFFD. */
    private static String write(Object value) {
        String json = JacksonCodec.MAPPER.writeValueAsString(value);
        return Texts.hasHalfPair(json)
                ? json.codePoints()
                        .map(point -> Texts.isHalfPair(point) ? '\uFFFD' : point)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString()
                : json;
    }

    /** Reads the JSON object in a metadata column; what other programs wrote and is no object reads as empty. */
    static Map<String, Object> readObject(@Nullable String json) {
        if (json == null || json.isEmpty() || json.equals("{}")) {
            return Map.of();
        }
        try {
            LinkedHashMap<String, Object> object = JacksonCodec.MAPPER.readValue(json, OBJECT);
            return object == null ? Map.of() : Collections.unmodifiableMap(object);
        } catch (JacksonException e) {
            return Map.of();
        }
    }

    /** The text these bytes are in UTF-8, or null if they are no text that JSON and SQLite both carry unharmed. */
    static @Nullable String text(byte[] bytes) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            // SQLite's JSON functions end a text at its first NUL.
            return text.indexOf('\0') < 0 ? text : null;
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    static String hex(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        return HexFormat.of().formatHex(copy);
    }
}
