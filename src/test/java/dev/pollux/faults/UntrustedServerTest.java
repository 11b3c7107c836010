package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.Config;
import dev.pollux.LibsqlException;
import dev.pollux.LibsqlStorage;
import dev.pollux.StorageEvent;
import dev.pollux.Worker;
import dev.pollux.testing.Events;
import dev.pollux.testing.TlsServer;
import io.r2dbc.spi.ConnectionFactories;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

/** A server whose certificate is not trusted will not be trusted a moment later: the queue says so, and does not retry. */
class UntrustedServerTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final TlsServer server = new TlsServer(TlsServer.selfSigned("127.0.0.1"));
    private final Events events = new Events();
    private final LibsqlStorage<String> storage = LibsqlStorage.create(
            ConnectionFactories.get("r2dbc:libsql://" + server.address()),
            String.class,
            Config.builder("email").listener(events).build());

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void aPollEndsAndSaysWhy() {
        assertThatThrownBy(() -> storage.poll(Worker.named("worker")).blockLast(PATIENCE))
                .isInstanceOf(LibsqlException.class)
                .hasMessageContaining("queue 'email'")
                .hasMessageContaining("libsql://" + server.address())
                .hasMessageContaining("its certificate is not trusted");
    }

    @Test
    void manyPushesFailAfterOneTry() {
        Long failed = Flux.range(0, 500)
                .flatMap(
                        i -> storage.push("secret").thenReturn(0L).onErrorResume(LibsqlException.class, e -> {
                            assertThat(e)
                                    .hasMessageContaining("its certificate is not trusted")
                                    .hasMessageNotContaining("secret");
                            return Flux.just(1L).single();
                        }),
                        500)
                .reduce(0L, Long::sum)
                .block(PATIENCE);

        assertThat(failed).isEqualTo(500);
        // Each turn of the lane is one; none is halved to look for a row that is to blame.
        assertThat(events.of(StorageEvent.Fault.class)).hasSizeLessThan(20);
    }
}
