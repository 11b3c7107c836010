package dev.pollux.faults;

import dev.pollux.TaskCodec;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;

/** A codec whose payload says what it does to it. */
final class HostileCodec implements TaskCodec<Work> {

    static final List<String> KINDS = List.of("null", "exception", "checked", "assertion", "stack", "class");

    private final TaskCodec<Work> json = TaskCodec.json(Work.class);

    @Override
    public byte[] encode(Work work) {
        return hostile("writes ", work, json::encode);
    }

    @Override
    public Work decode(byte[] bytes) {
        return hostile("reads ", json.decode(bytes), work -> work);
    }

    private static <V> V hostile(String verb, Work work, Function<Work, V> healthy) {
        if (!work.producer().startsWith(verb)) {
            return healthy.apply(work);
        }
        String kind = work.producer().substring(verb.length());
        return switch (kind) {
            case "null" -> HostileHandler.nothing();
            case "exception" -> throw new IllegalStateException("secret");
            case "checked" -> HostileHandler.sneak(new IOException("secret"));
            case "assertion" -> throw new AssertionError("secret");
            case "stack" -> throw new StackOverflowError("secret");
            default -> throw new NoClassDefFoundError("secret");
        };
    }
}
