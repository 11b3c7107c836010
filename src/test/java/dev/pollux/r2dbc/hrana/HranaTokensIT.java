package dev.pollux.r2dbc.hrana;

import static dev.pollux.r2dbc.hrana.Remote.value;
import static dev.pollux.r2dbc.hrana.Remote.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import dev.pollux.testing.Sqld;
import dev.pollux.testing.TokenKey;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import java.net.URI;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.slf4j.LoggerFactory;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HranaTokensIT {

    private final TokenKey key = TokenKey.create();
    private @Nullable Sqld started;

    @BeforeAll
    void startServer() {
        started = Sqld.start(key);
        try (Remote remote = remote(key.readWrite())) {
            write(remote.open(), "CREATE TABLE t(v)");
        }
    }

    @AfterAll
    void stopServer() {
        if (started != null) {
            started.close();
        }
    }

    private HranaOptions.Builder options() {
        if (started == null) {
            throw new IllegalStateException("not started");
        }
        return HranaOptions.builder(URI.create(started.url()));
    }

    private Remote remote(@Nullable String token) {
        return new Remote(options().authToken(token).build());
    }

    @Test
    void aGoodTokenReadsAndWrites() {
        try (Remote remote = remote(key.readWrite())) {
            Session session = remote.open();
            write(session, "INSERT INTO t VALUES (1)");
            assertThat(value(session, "SELECT max(v) FROM t")).isEqualTo(1L);
        }
    }

    @Test
    void aMissingTokenFailsAtOpenAndIsSaidToBeMissing() {
        try (Remote remote = remote(null)) {
            assertThatThrownBy(remote::open)
                    .isInstanceOf(R2dbcPermissionDeniedException.class)
                    .hasMessageContaining("none was given")
                    .hasMessageContaining(remote.transport().describe())
                    .extracting(e -> ((R2dbcException) e).getSqlState())
                    .isEqualTo("28000");
        }
    }

    @Test
    void aWrongOrExpiredTokenFailsAtOpen() {
        for (String token : new String[] {TokenKey.create().readWrite(), key.expired(), "nonsense"}) {
            try (Remote remote = remote(token)) {
                assertThatThrownBy(remote::open)
                        .isInstanceOf(R2dbcPermissionDeniedException.class)
                        .hasMessageContaining("wrong or expired");
            }
        }
    }

    @Test
    void aReadOnlyTokenReadsButDoesNotWrite() {
        try (Remote remote = remote(key.readOnly())) {
            Session session = remote.open();
            assertThat(value(session, "SELECT count(*) >= 0 FROM t")).isEqualTo(1L);
            assertThat(Remote.run(session, Call.read("SELECT 1"), Call.read("SELECT 2")))
                    .hasSize(2);
            assertThatThrownBy(() -> write(session, "INSERT INTO t VALUES (2)"))
                    .isInstanceOf(R2dbcPermissionDeniedException.class)
                    .hasMessageContaining("read-only")
                    .extracting(e -> ((R2dbcException) e).getSqlState())
                    .isEqualTo("42501");
            // sqld lets it begin, and take the lock.
            session.begin(TransactionMode.IMMEDIATE).block(Remote.PATIENCE);
            assertThatThrownBy(() -> write(session, "INSERT INTO t VALUES (2)"))
                    .isInstanceOf(R2dbcPermissionDeniedException.class);
            session.rollback().block(Remote.PATIENCE);
        }
    }

    @Test
    void aTokenIsAskedForEachRequest() {
        AtomicReference<String> token = new AtomicReference<>(key.readWrite());
        try (Remote remote = new Remote(options().authToken(token::get).build())) {
            Session session = remote.open();
            token.set(key.expired());
            assertThatThrownBy(() -> value(session, "SELECT 1")).isInstanceOf(R2dbcPermissionDeniedException.class);
            token.set(key.readWrite());
            assertThat(value(session, "SELECT 1")).isEqualTo(1L);
        }
    }

    @Test
    void aTokenIsNeverShownNotEvenAtTrace() {
        String token = TokenKey.create().readWrite();
        String odd = token + "\n" + "x";
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        Level level = root.getLevel();
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        root.addAppender(log);
        root.setLevel(Level.TRACE);
        try {
            for (String secret : new String[] {token, odd}) {
                HranaOptions options = options().authToken(secret).build();
                try (Remote remote = new Remote(options)) {
                    assertThat(options.toString() + remote.transport()).doesNotContain(token);
                    assertThatThrownBy(remote::open).satisfies(e -> {
                        for (Throwable t = e; t != null; t = t.getCause()) {
                            assertThat(t.toString()).doesNotContain(token);
                        }
                    });
                }
            }
        } finally {
            root.setLevel(level);
            root.detachAppender(log);
        }
        assertThat(log.list)
                .allSatisfy(event -> assertThat(event.getFormattedMessage()).doesNotContain(token));
    }
}
