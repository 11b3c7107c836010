package dev.pollux;

import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.json.JsonMapper;

/** JSON by Jackson's defaults: no polymorphic typing, unknown fields are ignored, times are ISO-8601 text. */
final class JacksonCodec<T> implements TaskCodec<T> {

    /**
     * Jackson writes names, texts and numbers of any length, so it must read them: what was pushed comes back. Only its limit
     * on depth stays, which it has for both.
     */
    static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNameLength(Integer.MAX_VALUE)
                            .maxStringLength(Integer.MAX_VALUE)
                            .maxNumberLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            .build();

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
