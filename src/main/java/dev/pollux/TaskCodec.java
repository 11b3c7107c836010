package dev.pollux;

import tools.jackson.core.type.TypeReference;

/**
 * Turns payloads into bytes and back. Implementations are called from many threads at once and must not block.
 *
 * @param <T> the type of the payload
 */
public interface TaskCodec<T> {

    /** The bytes of a payload; an exception fails the push with {@link LibsqlException} and never shows the payload. */
    byte[] encode(T args);

    /** The payload of those bytes; an exception or null kills the task, whose bytes are kept. */
    T decode(byte[] bytes);

    /** JSON by Jackson, as the Rust crate's default codec writes it. Polymorphic typing is off. */
    static <T> TaskCodec<T> json(Class<T> type) {
        return new JacksonCodec<>(JacksonCodec.MAPPER.constructType(type));
    }

    /** JSON by Jackson, for a generic type such as {@code new TypeReference<List<Email>>() {}}. */
    static <T> TaskCodec<T> json(TypeReference<T> type) {
        return new JacksonCodec<>(JacksonCodec.MAPPER.constructType(type.getType()));
    }

    /** The bytes themselves: the Rust crate's compact type. */
    static TaskCodec<byte[]> bytes() {
        return BytesCodec.INSTANCE;
    }
}
