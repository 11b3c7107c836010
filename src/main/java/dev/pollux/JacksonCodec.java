package dev.pollux;

import tools.jackson.databind.JavaType;
import tools.jackson.databind.json.JsonMapper;

/** JSON by Jackson's defaults: no polymorphic typing, unknown fields are ignored, times are ISO-8601 text. */
final class JacksonCodec<T> implements TaskCodec<T> {

    static final JsonMapper MAPPER = JsonMapper.builder().build();

    private final JavaType type;

    JacksonCodec(JavaType type) {
        this.type = type;
    }

    @Override
    public byte[] encode(T args) {
        return MAPPER.writeValueAsBytes(args);
    }

    @Override
    public T decode(byte[] bytes) {
        return MAPPER.readValue(bytes, type);
    }
}
