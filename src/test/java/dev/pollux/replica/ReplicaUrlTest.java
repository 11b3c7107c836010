package dev.pollux.replica;

import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.AUTH_TOKEN;
import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.AUTH_TOKEN_SUPPLIER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.LibsqlConnectionFactory;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Replicas by URL, and the settings that are refused. */
class ReplicaUrlTest {

    private static ConnectionFactory get(String options) {
        return ConnectionFactories.get("r2dbc:libsql:file://./edge.db?" + options);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "libsql://shop-acme.turso.io",
                "r2dbc:libsql://shop-acme.turso.io",
                "https://shop-acme.turso.io",
                "http://127.0.0.1:8080",
                "http%3A%2F%2F127.0.0.1%3A8080%3FcallTimeout%3DPT10S%26consistentReads%3Dtrue"
            })
    void aSyncUrlMakesAReplica(String url) {
        Replica replica = Replica.of(get("syncUrl=" + url + "&syncInterval=500&authToken=secret&synchronous=NORMAL"));

        assertThat(replica.toString()).contains("edge.db").doesNotContain("secret");
        replica.close().block();
    }

    @Test
    void theServerIsAskedWithTheToken(@TempDir Path folder) throws IOException, InterruptedException {
        assertAskedWith("of-the-URL", folder, options -> options.option(AUTH_TOKEN, "of-the-URL"));
        assertAskedWith(
                "of-the-supplier", folder, options -> options.option(AUTH_TOKEN_SUPPLIER, () -> "of-the-supplier"));
    }

    /** By a server of its own, for a request of the one before may still be on its way. */
    private static void assertAskedWith(
            String token, Path folder, UnaryOperator<ConnectionFactoryOptions.Builder> setting)
            throws IOException, InterruptedException {
        try (MockWebServer server = new MockWebServer()) {
            server.setDispatcher(new Dispatcher() {
                @Override
                public MockResponse dispatch(RecordedRequest request) {
                    return new MockResponse.Builder().code(401).build();
                }
            });
            server.start();
            String url = "r2dbc:libsql:file://" + folder.resolve("edge.db") + "?syncUrl=http://127.0.0.1:"
                    + server.getPort() + "&syncInterval=60000";
            Replica replica = Replica.of(ConnectionFactories.get(
                    setting.apply(ConnectionFactoryOptions.parse(url).mutate()).build()));
            assertThatThrownBy(() -> replica.sync().block(Site.WAIT))
                    .isInstanceOf(R2dbcPermissionDeniedException.class);
            assertThat(server.takeRequest(10, TimeUnit.SECONDS).getHeaders().get("Authorization"))
                    .isEqualTo("Bearer " + token);
            replica.close().block(Site.WAIT);
        }
    }

    @Test
    void aReplicaIsFoundInAPool() {
        Replica replica = Replica.of(get("syncUrl=http://127.0.0.1:8080"));
        ConnectionPool pool =
                new ConnectionPool(ConnectionPoolConfiguration.builder(replica).build());

        assertThat(Replica.of(pool)).isSameAs(replica);

        pool.dispose();
        replica.close().block();
    }

    @Test
    void whatIsNoReplicaIsSaidToBeNone() {
        LibsqlConnectionFactory plain = LibsqlConnectionFactory.of("file:edge.db");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> Replica.of(plain))
                .withMessageContaining("its URL has no syncUrl");

        plain.close().block();
    }

    @ParameterizedTest
    @CsvSource({
        "syncUrl=ftp://host&authToken=secret, option syncUrl: unknown protocol",
        "syncUrl=http://127.0.0.1:1&syncInterval=soon, option syncInterval must be a duration",
        "syncUrl=http://127.0.0.1:1&syncInterval=1, syncInterval must be PT0.01S or more",
        "syncUrl=http://127.0.0.1:1&reenqueueOrphanedAfter=PT4S, must be shorter than reenqueueOrphanedAfter",
        "syncUrl=http://127.0.0.1:1&colour=blue, unknown option",
        "syncUrl=http://127.0.0.1:1&callTimeout=PT1S, only for libSQL servers",
    })
    void aBadUrlIsRefusedAndSaysWhatIsWrong(String options, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> get(options))
                .withMessageContaining(message)
                .withMessageNotContaining("secret");
    }

    @Test
    void onlyAFileCanBeAReplica() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ConnectionFactories.get("r2dbc:libsql:mem:///x?syncUrl=http://127.0.0.1:1"))
                .withMessageContaining("only for files");
    }

    @Test
    void theDriverItselfSendsASyncUrlToTheSpi() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LibsqlConnectionFactory.of("file:edge.db?syncUrl=http://127.0.0.1:1"))
                .withMessageContaining("use ConnectionFactories.get");
    }

    @Test
    void badSettingsAreNamedAllAtOnce() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ReplicaConfig.builder()
                        .syncInterval(Duration.ZERO)
                        .margin(Duration.ofHours(1))
                        .mostHeld(0)
                        .build())
                .withMessageContainingAll("syncInterval", "margin", "mostHeld");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ReplicaConfig.builder()
                        .syncInterval(Duration.ofMillis(10))
                        .reenqueueOrphanedAfter(Duration.ofSeconds(4))
                        .margin(Duration.ofMillis(1_001))
                        .build())
                .withMessageContaining("longer than margin (PT1.001S) by PT3S or more");
    }
}
