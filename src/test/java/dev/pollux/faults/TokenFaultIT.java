package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.LibsqlException;
import dev.pollux.r2dbc.LibsqlConnectionFactoryProvider;
import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import dev.pollux.testing.TokenKey;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.test.StepVerifier;

/** Tokens that run out under load, at a server that looks at them. */
@SuppressWarnings("NullAway.Init") // started before each
class TokenFaultIT {

    private static final int WORKERS = 2;
    private static final int EVERY = 5;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @TempDir
    private Path folder;

    private final TokenKey key = TokenKey.create();
    private final AtomicInteger stale = new AtomicInteger();
    private Sqld sqld;

    @BeforeEach
    void startServer() {
        sqld = Sqld.start(key);
    }

    @AfterEach
    void stopServer() {
        sqld.close();
    }

    private ConnectionFactory factory(Supplier<String> tokens) {
        return ConnectionFactories.get(ConnectionFactoryOptions.parse(sqld.r2dbcUrl() + "&callTimeout=PT5S")
                .mutate()
                .option(LibsqlConnectionFactoryProvider.AUTH_TOKEN_SUPPLIER, tokens)
                .build());
    }

    private LoadHere load(Supplier<Supplier<String>> tokens) {
        return new LoadHere(
                TestDatabase.of(() -> factory(key::readWrite)), folder, () -> factory(tokens.get()), config -> config);
    }

    /** Gives a good token for a few requests, then one that has run out, and the next when asked again. */
    private Supplier<String> tokensThatRunOut() {
        AtomicInteger asked = new AtomicInteger();
        return () -> {
            if (asked.incrementAndGet() % EVERY > 0) {
                return key.readWrite();
            }
            stale.incrementAndGet();
            return key.expired();
        };
    }

    @Test
    void aTokenThatRunsOutIsReplacedAndNothingIsLost() throws Exception {
        int times = Scale.of(50, 2_000);
        try (LoadHere load = load(this::tokensThatRunOut)) {
            load.setUp();
            load.startWorkers(WORKERS);
            load.pushUntil(() -> stale.get() >= times);
            // Before that, its workers would have ended, and nobody else is there.
            Report.add("5 token rotated, sqld", times, load.finish());
        }
    }

    @Test
    void aTokenThatIsNotReplacedEndsThePollAndOthersGoOn() throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        AtomicBoolean enough = new AtomicBoolean();
        try (LoadHere load = load(() -> key::readWrite);
                Ledger ledger = Ledger.open(folder, "stale")) {
            load.setUp();
            CompletableFuture<Long> pushed = load.push("producer", enough::get).toFuture();
            Load worker =
                    Load.on(factory(() -> over.get() ? key.expired() : key.readWrite()), ledger, config -> config);

            StepVerifier.create(worker.work("stale"))
                    .expectNextCount(20)
                    .then(() -> over.set(true))
                    .thenConsumeWhile(outcome -> true)
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(LibsqlException.class)
                            .hasMessageContaining("the access token was refused, it is wrong or expired")
                            .hasMessageContaining(Load.QUEUE))
                    .verify(PATIENCE);

            load.startWorkers(1);
            load.awaitMoreDone();
            enough.set(true);
            assertThat(pushed).succeedsWithin(PATIENCE);
            Report.add("5 token not rotated, sqld", 1, load.finishWithReleases());
        }
    }
}
