package dev.pollux.r2dbc.hrana;

import static dev.pollux.r2dbc.hrana.Remote.value;
import static dev.pollux.r2dbc.hrana.Remote.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.read.ListAppender;
import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import dev.pollux.r2dbc.transport.Work;
import dev.pollux.testing.Sqld;
import dev.pollux.testing.TokenKey;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcRollbackException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import org.assertj.core.util.Throwables;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.slf4j.LoggerFactory;
import reactor.test.StepVerifier;

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

    /** Takes about 8 seconds, at the end of which the server's clock has passed the token's time. */
    @Test
    void aTokenThatExpiresInUseIsRefusedAndTheNextOneTaken() {
        // sqld grants a minute beyond the time in the token.
        String brief = key.token(
                "{\"a\":\"rw\",\"exp\":" + Instant.now().minusSeconds(60 - 8).getEpochSecond() + "}");
        AtomicReference<String> token = new AtomicReference<>(brief);
        try (Remote remote = new Remote(options().authToken(token::get).build())) {
            Session session = remote.open();
            assertThat(value(session, "SELECT 1")).isEqualTo(1L);
            session.begin(TransactionMode.IMMEDIATE).block(Remote.PATIENCE);

            // A transaction that is asked now and then, lest its stream expire first.
            StepVerifier.create(session.execute(Work.of(Call.read("SELECT 1")))
                            .delaySubscription(Duration.ofMillis(250))
                            .repeat())
                    .thenConsumeWhile(answer -> true)
                    .expectErrorSatisfies(e -> assertThat(e)
                            .isInstanceOf(R2dbcPermissionDeniedException.class)
                            .hasMessageContaining("wrong or expired"))
                    .verify(Remote.PATIENCE);

            token.set(key.readWrite());
            assertThat(session.validate(false).block(Remote.PATIENCE)).isFalse();
            assertThatThrownBy(() -> session.commit().block(Remote.PATIENCE))
                    .isInstanceOf(R2dbcRollbackException.class);
            assertThat(value(session, "SELECT 1")).isEqualTo(1L);
        }
    }

    /** A supplier that gives an expired token before each good one, as one does that is renewed a moment too late. */
    private final class LateTokens implements Supplier<@Nullable String> {
        private final String first;
        private int asked;

        LateTokens(String first) {
            this.first = first;
        }

        @Override
        public @Nullable String get() {
            return asked++ % 2 == 0 ? first : key.readWrite();
        }
    }

    @Test
    void aRequestWhoseTokenWasReplacedMeanwhileIsSentOnceMore() {
        LateTokens tokens = new LateTokens(key.expired());
        try (Remote remote = new Remote(options().authToken(tokens).build())) {
            Session session = remote.open();
            write(session, "CREATE TABLE late(v)");

            write(session, "INSERT INTO late VALUES (1)");
            assertThat(value(session, "SELECT count(*) FROM late")).isEqualTo(1L);
            Work cursor = new Work(List.of(Call.read("SELECT v FROM late")), 1);
            assertThat(session.execute(cursor).blockLast(Remote.PATIENCE)).isNotNull();
            // The question for the version needs no token, and so takes the first bad one, and the next the good one.
            assertThat(tokens.asked)
                    .as("two for opening, and two for each request")
                    .isEqualTo(10);
        }
    }

    /** The server refuses the request at the door and keeps the stream. */
    @Test
    void aTransactionGoesOnWithTheNextToken() {
        LateTokens tokens = new LateTokens(key.expired());
        try (Remote remote = new Remote(options().authToken(tokens).build())) {
            Session session = remote.open();
            write(session, "CREATE TABLE joined(v)");

            session.begin(TransactionMode.IMMEDIATE).block(Remote.PATIENCE);
            write(session, "INSERT INTO joined VALUES (1)");
            write(session, "INSERT INTO joined VALUES (2)");
            assertThat(value(session, "SELECT count(*) FROM joined")).isEqualTo(2L);
            session.commit().block(Remote.PATIENCE);

            assertThat(value(session, "SELECT count(*) FROM joined")).isEqualTo(2L);
        }
    }

    @Test
    void aMissingTokenIsAskedForAgain() {
        // The first for the question for the version, which needs none.
        Iterator<@Nullable String> tokens =
                Arrays.asList(null, null, key.readWrite()).iterator();
        try (Remote remote = new Remote(options().authToken(tokens::next).build())) {
            assertThat(remote.open().databaseVersion()).isNotEmpty();
        }
    }

    @Test
    void aRequestIsSentNoMoreThanTwice() {
        AtomicInteger asked = new AtomicInteger();
        try (Remote remote = new Remote(options()
                .authToken(() -> {
                    asked.incrementAndGet();
                    return TokenKey.create().readWrite();
                })
                .build())) {
            assertThatThrownBy(remote::open)
                    .isInstanceOf(R2dbcPermissionDeniedException.class)
                    .hasMessageContaining("wrong or expired");
            assertThat(asked)
                    .as("one for the version, which needs none, and two")
                    .hasValue(3);
        }
    }

    @Test
    void aTokenOfAnotherNamespaceOpensNoOther() {
        try (Sqld namespaces = Sqld.start(key, "--enable-namespaces")) {
            for (String namespace : new String[] {"default", "other"}) {
                try (Remote remote = new Remote(HranaOptions.builder(URI.create(namespaces.url()))
                        .namespace("default")
                        .authToken(key.token("{\"a\":\"rw\",\"id\":\"" + namespace + "\"}"))
                        .build())) {
                    if (namespace.equals("default")) {
                        assertThat(value(remote.open(), "SELECT 1")).isEqualTo(1L);
                    } else {
                        assertThatThrownBy(remote::open)
                                .isInstanceOf(R2dbcNonTransientResourceException.class)
                                .hasMessageContaining("no such database or namespace")
                                .extracting(e -> ((R2dbcException) e).getSqlState())
                                .isEqualTo("3D000");
                    }
                }
            }
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

    /** Every logger of the JVM at TRACE while a right, a wrong and a misshapen token are used, over HTTP/1.1 and 2. */
    @Test
    void noTokenIsInAnyMessageOrLogEvenAtTrace() {
        String right = key.readWrite();
        String wrong = TokenKey.create().readWrite();
        String readOnly = key.readOnly();
        List<String> shown = new ArrayList<>();
        List<ILoggingEvent> logged = atTrace(() -> {
            for (boolean h2c : new boolean[] {false, true}) {
                for (String token : new String[] {right, wrong, readOnly, wrong + "\n" + "x"}) {
                    HranaOptions options = options().h2c(h2c).authToken(token).build();
                    shown.add(options.toString());
                    use(options, shown);
                }
            }
        });

        assertThat(shown).as("errors were seen").anyMatch(text -> text.contains("wrong or expired"));
        assertThat(logged)
                .as("OkHttp logs at this level")
                .anyMatch(event -> event.getLoggerName().contains("okhttp"));
        logged.forEach(event -> shown.add(event.getFormattedMessage() + " " + event.getThrowableProxy()));
        for (String token : new String[] {right, wrong, readOnly}) {
            // The signature alone would do harm enough.
            String signature = token.substring(token.lastIndexOf('.') + 1);
            assertThat(shown).noneMatch(text -> text.contains(token) || text.contains(signature));
        }
    }

    /** All that a program may do with a token, right or wrong; adds the text of what comes of it. */
    private static void use(HranaOptions options, List<String> shown) {
        try (Remote remote = new Remote(options)) {
            shown.add(remote.transport().toString());
            Session session;
            try {
                session = remote.open();
            } catch (RuntimeException e) {
                shown.add(Throwables.getStackTrace(e));
                return;
            }
            shown.add(session.toString());
            for (String sql : new String[] {"INSERT INTO t VALUES (1)", "SELECT * FROM nosuch", "SELECT 1"}) {
                Throwable error = catchThrowable(() -> write(session, sql));
                if (error != null) {
                    shown.add(Throwables.getStackTrace(error));
                }
            }
            session.begin(TransactionMode.DEFERRED).block(Remote.PATIENCE);
            session.rollback().block(Remote.PATIENCE);
            session.execute(new Work(List.of(Call.read("SELECT 1")), 1)).blockLast(Remote.PATIENCE);
        }
    }

    /** What all loggers say meanwhile, those of java.util.logging included, which OkHttp uses. */
    private static List<ILoggingEvent> atTrace(Runnable body) {
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        List<Logger> all = root.getLoggerContext().getLoggerList();
        List<Level> levels = new ArrayList<>();
        all.forEach(logger -> levels.add(logger.getLevel()));
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        java.util.logging.Logger jul = java.util.logging.Logger.getLogger("");
        java.util.logging.Level julLevel = jul.getLevel();
        // Held, for a logger that nobody holds forgets its level.
        java.util.logging.Logger okhttp = java.util.logging.Logger.getLogger("okhttp3");
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                Logger to = (Logger) LoggerFactory.getLogger(String.valueOf(entry.getLoggerName()));
                to.trace(String.valueOf(entry.getMessage()), entry.getThrown());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        handler.setLevel(java.util.logging.Level.ALL);
        // Not to the console as well.
        List<Appender<ILoggingEvent>> others = new ArrayList<>();
        root.iteratorForAppenders().forEachRemaining(others::add);
        others.forEach(root::detachAppender);
        root.addAppender(log);
        jul.addHandler(handler);
        try {
            all.forEach(logger -> logger.setLevel(Level.TRACE));
            jul.setLevel(java.util.logging.Level.ALL);
            okhttp.setLevel(java.util.logging.Level.ALL);
            body.run();
        } finally {
            okhttp.setLevel(null);
            jul.setLevel(julLevel);
            jul.removeHandler(handler);
            root.detachAppender(log);
            others.forEach(root::addAppender);
            for (int i = 0; i < all.size(); i++) {
                all.get(i).setLevel(levels.get(i));
            }
        }
        return log.list;
    }
}
