package dev.pollux.r2dbc.hrana;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.faults.Report;
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
        int calls = 0;
        int ended = 0;
        try (Remote remote = remote()) {
            remote.open();
            for (int i = 0; i < Tries.of(80); i++) {
                calls++;
                byte[] body = mutator.next();
                status.set(i % 4 == 0 ? 400 + i % 120 : 200);
                next.set(body);
                Session session = remote.open();
                try {
                    session.execute(work(i))
                            .concatMap(BrokenServerTest::more)
                            .then(session.close())
                            .block(PATIENCE);
                } catch (R2dbcException e) {
                    // A server's own words are quoted, and the variants' are of up to 4,000 characters.
                    assertThat(e.getMessage()).contains("libsql://localhost:").hasSizeLessThan(10_000);
                } catch (Throwable e) {
                    throw new AssertionError(
                            "seed " + seed + ", variant " + i + ": " + new String(body, ISO_8859_1), e);
                }
                ended++;
            }
            next.set(null);
        } finally {
            Report.addInputs("12 calls of a server that answers with nonsense", calls, calls - ended);
        }
    }

    private static Work work(int number) {
        Call write = Call.write("INSERT INTO t VALUES (1)");
        return switch (number % 3) {
            case 0 -> new Work(List.of(Call.read("SELECT 1")), 10);
            case 1 -> new Work(List.of(write), 0);
            default -> new Work(List.of(write, Call.read("SELECT 1")), 0);
        };
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
