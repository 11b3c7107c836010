package dev.pollux.r2dbc.hrana;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import dev.pollux.r2dbc.transport.Work;
import dev.pollux.testing.Mutator;
import dev.pollux.testing.Tries;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import okio.Buffer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

/** A server that answers with nonsense: every call ends, with an R2DBC exception or with an answer. */
class BrokenServerTest extends ScriptedServer {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static Flux<?> more(Answer answer) {
        return answer.more() == null ? Flux.empty() : answer.more();
    }

    @Test
    void everyCallEndsAsTheSpiSays() {
        long seed = new Random().nextLong();
        Mutator mutator = new Mutator(seed, Answers.RECORDED);
        AtomicReference<byte @Nullable []> next = new AtomicReference<>();
        AtomicInteger status = new AtomicInteger(200);
        server.setDispatcher(new Dispatcher() {
            @Override
            public MockResponse dispatch(RecordedRequest request) {
                byte[] body = next.get();
                if (body == null) {
                    return reply(VERSION);
                }
                return new MockResponse.Builder()
                        .code(status.get())
                        .body(new Buffer().write(body))
                        .build();
            }
        });
        for (int i = 0; i < Tries.of(400); i++) {
            next.set(null);
            try (Remote remote = remote()) {
                Session session = remote.open();
                byte[] body = mutator.next();
                status.set(i % 4 == 0 ? 400 + i % 120 : 200);
                next.set(body);
                Work work = switch (i % 3) {
                    case 0 -> new Work(List.of(Call.read("SELECT 1")), 10);
                    case 1 -> new Work(List.of(Call.write("INSERT INTO t VALUES (1)")), 0);
                    default -> new Work(List.of(Call.write("INSERT INTO t VALUES (1)"), Call.read("SELECT 1")), 0);
                };
                try {
                    session.execute(work).concatMap(BrokenServerTest::more).blockLast(PATIENCE);
                } catch (R2dbcException e) {
                    assertThat(e.getMessage()).contains("libsql://localhost:").hasSizeLessThan(2_000);
                } catch (Throwable e) {
                    throw new AssertionError(
                            "seed " + seed + ", variant " + i + ": " + new String(body, ISO_8859_1), e);
                }
                next.set(null);
            }
        }
    }

    @Test
    void anAddressThatIsNoneIsRefused() {
        greet();
        answer("{\"baton\":\"b\",\"base_url\":\"http://a b:99999\","
                + results("{\"type\":\"execute\",\"result\":{\"cols\":[],\"rows\":[]}}"));
        try (Remote remote = remote()) {
            Session session = remote.open();
            assertThatThrownBy(() -> session.begin(TransactionMode.IMMEDIATE).block(PATIENCE))
                    .isInstanceOf(R2dbcException.class)
                    .hasMessageContaining("base_url");
        }
    }
}
