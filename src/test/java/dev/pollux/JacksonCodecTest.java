package dev.pollux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;

/** A payload is data: it never chooses a class to make. */
class JacksonCodecTest {

    private static final AtomicInteger MADE = new AtomicInteger();
    private static final String GADGET = Gadget.class.getName();

    /** What an attacker would want made. */
    public static final class Gadget {
        /** Made by Jackson, if it ever is. */
        public Gadget() {
            MADE.incrementAndGet();
        }

        /** Set by Jackson, if it ever is. */
        public void setCommand(String command) {
            MADE.incrementAndGet();
        }
    }

    record Holder(
            @Nullable Object any,
            @Nullable Number number,
            @Nullable List<Object> list,
            @Nullable JsonNode tree) {}

    @BeforeEach
    void forget() {
        MADE.set(0);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'@class':'%s','command':'x'}",
                "{'@type':'%s','command':'x'}",
                "{'@c':'%s','command':'x'}",
                "{'type':'%s','command':'x'}",
                "['%s',{'command':'x'}]",
                "[['%s',{'command':'x'}]]",
                "{'%s':{'command':'x'}}",
                "['java.lang.Class','%s']"
            })
    void aTypeInAPayloadIsOnlyText(String template) {
        String json = template.formatted(GADGET).replace('\'', '"');
        List<TaskCodec<?>> codecs = List.of(
                TaskCodec.json(Object.class),
                TaskCodec.json(Map.class),
                TaskCodec.json(JsonNode.class),
                TaskCodec.json(Holder.class),
                TaskCodec.json(new TypeReference<List<Object>>() {}),
                TaskCodec.json(new TypeReference<Map<String, Object>>() {}));
        for (String text : List.of(
                json,
                "{\"any\":" + json + "}",
                "{\"number\":" + json + "}",
                "{\"list\":[" + json + "]}",
                "{\"tree\":" + json + "}")) {
            for (TaskCodec<?> codec : codecs) {
                // What does not fit a type fails, which kills the task; nothing else may happen.
                Throwable error = catchThrowable(() -> codec.decode(text.getBytes(StandardCharsets.UTF_8)));
                assertThat(error)
                        .satisfiesAnyOf(
                                none -> assertThat(none).isNull(),
                                some -> assertThat(some).isInstanceOf(RuntimeException.class));
            }
        }
        assertThat(MADE).hasValue(0);
    }

    @Test
    void anObjectIsMapsAndListsAndPlainValues() {
        Object read = TaskCodec.json(Object.class)
                .decode(("{\"@class\":\"" + GADGET + "\",\"a\":[\"" + GADGET + "\",{}]}")
                        .getBytes(StandardCharsets.UTF_8));
        assertThat(read).isEqualTo(Map.of("@class", GADGET, "a", List.of(GADGET, Map.of())));
    }

    @Test
    void whatIsWrittenIsReadHoweverLongItIs() {
        TaskCodec<Map<String, Object>> codec = TaskCodec.json(new TypeReference<Map<String, Object>>() {});
        Map<String, Object> payload = Map.of("k".repeat(1_000_000), new BigInteger("9".repeat(5_000)));
        assertThat(codec.decode(codec.encode(payload))).isEqualTo(payload);
    }
}
