package dev.pollux.r2dbc.hrana;

import static dev.pollux.r2dbc.hrana.Remote.PATIENCE;
import static dev.pollux.r2dbc.hrana.Remote.read;
import static dev.pollux.r2dbc.hrana.Remote.value;
import static dev.pollux.r2dbc.hrana.Remote.write;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Faults;
import dev.pollux.r2dbc.transport.OutcomeUnknownException;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import dev.pollux.r2dbc.transport.Work;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;

/** Faults that a real server can't be made to show. */
class HranaFaultsTest extends ScriptedServer {

    @Test
    void everyRequestCarriesItsHeadersAndASelfContainedPipeline() throws Exception {
        greet();
        answer(executed("\"integer\",\"value\":\"7\""));
        try (Remote remote = new Remote(
                options().authToken("secret").namespace("ns").userAgent("me/1").build())) {
            value(remote.open(), "SELECT ?1", 7L);
        }

        assertThat(taken().getTarget()).isEqualTo("/v3");
        taken();
        RecordedRequest request = taken();
        assertThat(request.getTarget()).isEqualTo("/v3/pipeline");
        assertThat(request.getHeaders().get("Authorization")).isEqualTo("Bearer secret");
        assertThat(request.getHeaders().get("User-Agent")).isEqualTo("me/1");
        assertThat(request.getHeaders().get("x-namespace-bin")).isEqualTo("bnM");
        assertThat(request.getHeaders().get("Expect")).isNull();
        assertThat(body(request))
                .isEqualTo("{\"baton\":null,\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql\":\"SELECT ?1\","
                        + "\"args\":[{\"type\":\"integer\",\"value\":\"7\"}]}},{\"type\":\"close\"}]}");
    }

    @Test
    void theServerIsAskedForItsVersionOnceAndAgainAfterAFailure() {
        server.enqueue(new MockResponse.Builder().code(503).build());
        greet();
        try (Remote remote = remote()) {
            assertThatThrownBy(remote::open).isInstanceOf(R2dbcTransientResourceException.class);
            remote.open();
            remote.open();
            assertThat(server.getRequestCount()).isEqualTo(3);
        }
    }

    @Test
    void aServerWithoutVersionThreeIsSpokenToInVersionTwo() throws Exception {
        greetInVersionTwo();
        answer("{\"baton\":\"b1\",\"base_url\":null,"
                + results("{\"type\":\"execute\",\"result\":{\"cols\":[],\"rows\":[]}}"));
        answer("{\"baton\":\"b2\",\"base_url\":null,"
                + results("{\"type\":\"batch\",\"result\":{\"step_results\":[null],\"step_errors\":"
                        + "[{\"message\":\"Transaction timed out\",\"code\":\"TRANSACTION_TIMEOUT\"}]}}"));
        try (Remote remote = remote()) {
            Session session = remote.open();
            session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> write(session, "INSERT INTO t VALUES (1)"))
                        .isInstanceOf(R2dbcRollbackException.class);
            }
            assertThat(server.getRequestCount()).isEqualTo(5);
        }
        taken();
        assertThat(taken().getTarget()).isEqualTo("/v2/pipeline");
        assertThat(body(taken())).contains("\"baton\":\"b0\"").contains("close");
        taken();
        assertThat(body(taken())).contains("\"baton\":\"b1\"").doesNotContain("is_autocommit");
    }

    @Test
    void inVersionTwoAStatementThatFailedLosesTheTransactionUnlessItNeverRan() {
        greetInVersionTwo();
        begun();
        answer("{\"baton\":\"b2\",\"base_url\":null,"
                + batchResult("null", "{\"message\":\"near x\",\"code\":\"SQL_PARSE_ERROR\"}"));
        answer("{\"baton\":\"b3\",\"base_url\":null," + batchResult(row(), "null"));
        answer("{\"baton\":\"b4\",\"base_url\":null,"
                + batchResult(
                        "null",
                        "{\"message\":\"UNIQUE constraint failed: t.v\",\"code\":\"SQLITE_CONSTRAINT_UNIQUE\"}"));
        try (Remote remote = remote()) {
            Session session = remote.open();
            session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
            assertThatThrownBy(() -> write(session, "INSERT x")).isInstanceOf(R2dbcBadGrammarException.class);
            write(session, "INSERT INTO t VALUES (1)");
            assertThatThrownBy(() -> write(session, "INSERT OR ROLLBACK INTO t VALUES (1)"))
                    .isInstanceOf(R2dbcDataIntegrityViolationException.class);
            assertThatThrownBy(() -> write(session, "INSERT INTO t VALUES (2)"))
                    .isInstanceOf(R2dbcRollbackException.class);
            assertThatThrownBy(() -> session.commit().block(PATIENCE)).isInstanceOf(R2dbcRollbackException.class);
        }
        assertThat(server.getRequestCount())
                .as("a lost stream gets no more requests")
                .isEqualTo(7);
    }

    @Test
    void nonsenseInATransactionLosesIt() {
        String[] nonsense = {
            "{\"baton\":\"b2\",\"base_url\":null,\"results\":[]}",
            "{\"baton\":\"b2\",\"base_url\":\"ftp://elsewhere\"," + batchResult(row(), "null")
        };
        greet();
        try (Remote remote = remote()) {
            Session session = remote.open();
            for (String body : nonsense) {
                begun();
                answer(body);
                session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
                for (int i = 0; i < 2; i++) {
                    assertThatThrownBy(() -> write(session, "INSERT INTO t VALUES (1)"))
                            .as(body)
                            .isInstanceOf(R2dbcRollbackException.class)
                            .hasMessageContaining("Hrana protocol");
                }
                session.rollback().block(PATIENCE);
            }
        }
    }

    @Test
    void aCommitAfterTheCloseFails() {
        greet();
        begun();
        answer("{\"baton\":null,\"base_url\":null,"
                + results("{\"type\":\"execute\",\"result\":{\"cols\":[],\"rows\":[]}}"));
        try (Remote remote = remote()) {
            Session session = remote.open();
            session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
            session.close().block(PATIENCE);
            assertThatThrownBy(() -> session.commit().block(PATIENCE))
                    .isInstanceOf(R2dbcException.class)
                    .hasMessageContaining("session is closed");
        }
    }

    @Test
    void aStreamGoesOnWhereTheServerSaysWithTheNewestBaton() throws Exception {
        greet();
        try (MockWebServer other = new MockWebServer();
                Remote remote = remote()) {
            other.start();
            String there = "\"base_url\":\"" + other.url("/node/") + "\",";
            answer("{\"baton\":\"b1\"," + there
                    + results("{\"type\":\"execute\",\"result\":{\"cols\":[],\"rows\":[]}}"));
            other.enqueue(reply("{\"baton\":\"b2\",\"base_url\":null," + batchResult(row(), "null")));
            other.enqueue(reply("{\"baton\":null,\"base_url\":null," + batchResult(row(), "null")));
            Session session = remote.open();

            session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
            read(session, "SELECT 1");
            session.commit().block(PATIENCE);

            RecordedRequest first = other.takeRequest(10, TimeUnit.SECONDS);
            assertThat(first.getTarget()).isEqualTo("/node/v3/pipeline");
            assertThat(body(first))
                    .contains("\"baton\":\"b1\"")
                    .contains("\"condition\":{\"type\":\"not\",\"cond\":{\"type\":\"is_autocommit\"}}");
            assertThat(body(other.takeRequest(10, TimeUnit.SECONDS)))
                    .contains("\"baton\":\"b2\"")
                    .contains("COMMIT")
                    .endsWith("{\"type\":\"close\"}]}");
        }
    }

    @Test
    void tooManyStreamsMeansThatNothingRan() {
        greet();
        server.enqueue(new MockResponse.Builder().code(429).body("too many").build());
        try (Remote remote = remote()) {
            Session session = remote.open();
            assertThatThrownBy(() -> write(session, "INSERT INTO t VALUES (1)"))
                    .isInstanceOf(R2dbcTransientResourceException.class)
                    .hasMessageContaining("nothing ran");
        }
    }

    @Test
    void aServerErrorIsTransientForReadsAndUnknownForWrites() {
        greet();
        server.enqueue(new MockResponse.Builder().code(503).build());
        server.enqueue(new MockResponse.Builder()
                .code(502)
                .body("<html>bad gateway</html>")
                .build());
        server.enqueue(new MockResponse.Builder()
                .code(503)
                .addHeader("Retry-After", "0")
                .build());
        try (Remote remote = remote()) {
            Session session = remote.open();
            assertThatThrownBy(() -> read(session, "SELECT 1")).isInstanceOf(R2dbcTransientResourceException.class);
            assertThatThrownBy(() -> write(session, "INSERT INTO t VALUES (1)"))
                    .isInstanceOf(OutcomeUnknownException.class)
                    .hasMessageContaining("502");
            assertThatThrownBy(() -> write(session, "INSERT INTO t VALUES (1)"))
                    .isInstanceOf(OutcomeUnknownException.class);
        }
        assertThat(server.getRequestCount()).as("nothing is sent twice").isEqualTo(5);
    }

    @Test
    void aLostAnswerIsTransientForReadsAndUnknownForWrites() {
        greet();
        lostAnswer();
        lostAnswer();
        try (Remote remote = remote()) {
            Session session = remote.open();
            assertThatThrownBy(() -> read(session, "SELECT 1")).isInstanceOf(R2dbcTransientResourceException.class);
            assertThatThrownBy(() -> write(session, "INSERT INTO t VALUES (1)"))
                    .isInstanceOfSatisfying(OutcomeUnknownException.class, e -> {
                        assertThat(e.getSqlState()).isEqualTo(Faults.OUTCOME_UNKNOWN);
                        assertThat(e.getSql()).isEqualTo("INSERT INTO t VALUES (1)");
                    });
        }
        assertThat(server.getRequestCount()).as("nothing is sent twice").isEqualTo(4);
    }

    @Test
    void aTimeoutSaysHowLongItWaited() {
        greet();
        server.enqueue(new MockResponse.Builder()
                .onResponseStart(SocketEffect.Stall.INSTANCE)
                .build());
        server.enqueue(new MockResponse.Builder()
                .onResponseStart(SocketEffect.Stall.INSTANCE)
                .build());
        try (Remote remote = remote()) {
            Session session = remote.open();
            session.statementTimeout(Duration.ofMillis(100));
            assertThatThrownBy(() -> read(session, "SELECT 1"))
                    .isInstanceOf(R2dbcTimeoutException.class)
                    .hasMessageContaining("PT0.1S");
            assertThatThrownBy(() -> write(session, "INSERT INTO t VALUES (1)"))
                    .isInstanceOf(OutcomeUnknownException.class)
                    .hasMessageContaining("PT0.1S");
        }
    }

    @Test
    void aLostAnswerToACommitIsUnknown() {
        greet();
        begun();
        lostAnswer();
        try (Remote remote = remote()) {
            Session session = remote.open();
            session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
            assertThatThrownBy(() -> session.commit().block(PATIENCE)).isInstanceOf(OutcomeUnknownException.class);
            assertThat(session.inTransaction()).isFalse();
        }
    }

    @Test
    void aLostAnswerInATransactionLosesTheTransaction() {
        greet();
        begun();
        lostAnswer();
        try (Remote remote = remote()) {
            Session session = remote.open();
            session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
            assertThatThrownBy(() -> write(session, "INSERT INTO t VALUES (1)"))
                    .isInstanceOf(R2dbcRollbackException.class);
            assertThatThrownBy(() -> session.commit().block(PATIENCE)).isInstanceOf(R2dbcRollbackException.class);
        }
        assertThat(server.getRequestCount())
                .as("a lost stream gets no more requests")
                .isEqualTo(4);
    }

    @Test
    void aStreamThatIsGoneLosesTheTransaction() {
        String[] bodies = {
            "{\"message\":\"The stream has expired due to inactivity\",\"code\":\"STREAM_EXPIRED\"}",
            "Received an invalid baton",
            "{\"error\":\"stream not found: abc\"}"
        };
        greet();
        try (Remote remote = remote()) {
            Session session = remote.open();
            for (int i = 0; i < bodies.length; i++) {
                begun();
                server.enqueue(new MockResponse.Builder()
                        .code(i == 2 ? 404 : 400)
                        .body(bodies[i])
                        .build());
                session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
                assertThatThrownBy(() -> write(session, "INSERT INTO t VALUES (1)"))
                        .isInstanceOf(R2dbcRollbackException.class)
                        .hasMessageContaining("stream is gone");
                assertThat(session.inTransaction()).isTrue();
                session.rollback().block(PATIENCE);
                assertThat(session.inTransaction()).isFalse();
            }
        }
    }

    @Test
    void aStatementThatTheGuardSkippedLosesTheTransaction() {
        greet();
        begun();
        answer("{\"baton\":\"b2\",\"base_url\":null," + batchResult("null", "null"));
        try (Remote remote = remote()) {
            Session session = remote.open();
            session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> write(session, "INSERT INTO t VALUES (1)"))
                        .isInstanceOf(R2dbcRollbackException.class)
                        .hasMessageContaining("transaction lost");
            }
        }
    }

    @Test
    void aCallThatIsCancelledUnderWayTakesItsTransactionWithIt() throws Exception {
        greet();
        begun();
        server.enqueue(new MockResponse.Builder()
                .onResponseStart(SocketEffect.Stall.INSTANCE)
                .build());
        try (Remote remote = remote()) {
            Session session = remote.open();
            session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
            Disposable running = session.execute(Work.of(Call.write("INSERT INTO t VALUES (1)")))
                    .subscribe(answer -> {}, error -> {});
            for (int i = 0; i < 4; i++) {
                taken();
            }
            running.dispose();

            assertThatThrownBy(() -> session.commit().block(PATIENCE))
                    .isInstanceOf(R2dbcRollbackException.class)
                    .hasMessageContaining("cancelled");
        }
    }

    @Test
    void workThatIsCancelledInTheLineNeverRuns() throws Exception {
        greet();
        server.enqueue(new MockResponse.Builder()
                .onResponseStart(SocketEffect.Stall.INSTANCE)
                .build());
        answer(executed("\"integer\",\"value\":\"1\""));
        try (Remote remote = remote()) {
            Session session = remote.open();
            Disposable first =
                    session.execute(Work.of(Call.read("SELECT 'first'"))).subscribe(a -> {}, e -> {});
            Disposable second =
                    session.execute(Work.of(Call.read("SELECT 'second'"))).subscribe(a -> {}, e -> {});
            for (int i = 0; i < 3; i++) {
                taken();
            }
            second.dispose();
            first.dispose();

            read(session, "SELECT 'third'");
            assertThat(body(taken())).contains("third");
        }
    }

    @Test
    void nonsenseIsToldApartFromFaults() {
        greet();
        String[] nonsense = {
            "<html>hello</html>",
            "[]",
            "{\"results\":[]}",
            "{\"baton\":null",
            "{\"results\":[{}]}",
            "{\"results\":[{\"type\":\"ok\",\"response\":{\"type\":\"execute\",\"result\":{\"cols\":[],"
                    + "\"rows\":[[{\"type\":\"integer\",\"value\":\"x\"}]]}}}]}"
        };
        for (String body : nonsense) {
            answer(body);
        }
        answer("nonsense");
        try (Remote remote = remote()) {
            Session session = remote.open();
            for (String body : nonsense) {
                assertThatThrownBy(() -> read(session, "SELECT 1"))
                        .as(body)
                        .isInstanceOf(R2dbcNonTransientResourceException.class)
                        .hasMessageContaining("Hrana protocol");
            }
            assertThatThrownBy(() -> write(session, "INSERT INTO t VALUES (1)"))
                    .isInstanceOf(OutcomeUnknownException.class);
        }
    }

    @Test
    void unknownFieldsArePassedOver() {
        greet();
        answer(
                "{\"new\":{\"a\":[1]},\"baton\":null,\"base_url\":null,\"results\":[{\"type\":\"ok\",\"x\":[],\"response\":"
                        + "{\"type\":\"execute\",\"y\":{},\"result\":{\"z\":[{}],\"cols\":[{\"name\":null,\"decltype\":null,\"q\":1}],"
                        + "\"rows\":[[{\"value\":5,\"w\":{},\"type\":\"integer\"}]],\"last_insert_rowid\":9}}}]}");
        try (Remote remote = remote()) {
            assertThat(value(remote.open(), "SELECT 5")).isEqualTo(5L);
        }
    }

    @Test
    void refusalsSayWhatToDo() {
        greet();
        for (int code : new int[] {401, 403, 404, 413, 302, 400}) {
            server.enqueue(new MockResponse.Builder()
                    .code(code)
                    .addHeader("Location", "http://elsewhere.invalid/")
                    .body("the token s3cret is bad")
                    .build());
        }
        try (Remote remote = new Remote(options().authToken("s3cret").build())) {
            Session session = remote.open();
            String insert = "INSERT INTO t VALUES (1)";
            assertThatThrownBy(() -> write(session, insert))
                    .isInstanceOf(R2dbcPermissionDeniedException.class)
                    .hasMessageContaining("wrong or expired")
                    .hasMessageContaining("the token *** is bad");
            assertThatThrownBy(() -> write(session, insert))
                    .isInstanceOf(R2dbcPermissionDeniedException.class)
                    .hasMessageContaining("read-only");
            assertThatThrownBy(() -> write(session, insert))
                    .isInstanceOf(R2dbcNonTransientResourceException.class)
                    .hasMessageContaining("no such database");
            assertThatThrownBy(() -> write(session, insert))
                    .isInstanceOf(R2dbcDataIntegrityViolationException.class)
                    .hasMessageContaining("larger");
            assertThatThrownBy(() -> write(session, insert))
                    .isInstanceOf(R2dbcNonTransientResourceException.class)
                    .hasMessageContaining("redirect");
            assertThatThrownBy(() -> write(session, insert))
                    .isInstanceOf(R2dbcNonTransientResourceException.class)
                    .hasMessageContaining("does not understand");
        }
    }

    @Test
    void errorsOfAProxyAreToldApartByTheirText() {
        greet();
        try (Remote remote = remote()) {
            Session session = remote.open();
            assertThatThrownBy(() -> failing(session, "SQLite error: UNIQUE constraint failed: t.v"))
                    .isInstanceOf(R2dbcDataIntegrityViolationException.class);
            assertThatThrownBy(() -> failing(session, "SQLite error: no such table: t"))
                    .hasMessageContaining("no such table: t")
                    .isInstanceOf(R2dbcBadGrammarException.class);
            assertThatThrownBy(() -> failing(session, "database is locked"))
                    .isInstanceOf(R2dbcTransientResourceException.class);
            assertThatThrownBy(() -> failing(session, "transport error")).isInstanceOf(OutcomeUnknownException.class);
        }
    }

    @Test
    void aHostThatCannotBeReachedIsToldApart() {
        try (Remote remote = new Remote("http://host.invalid:1")) {
            assertThatThrownBy(remote::open)
                    .isInstanceOf(R2dbcTransientResourceException.class)
                    .hasMessageContaining("libsql://host.invalid:1")
                    .hasMessageContaining("spelt")
                    .extracting(e -> ((R2dbcException) e).getSqlState())
                    .isEqualTo(Faults.CONNECTION_FAILED);
        }
    }

    @Test
    void aServerWithoutTlsIsToldApart() throws Exception {
        try (ServerSocket plain = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Remote remote = new Remote("https://127.0.0.1:" + plain.getLocalPort())) {
            CompletableFuture<Void> answered = CompletableFuture.runAsync(() -> {
                try (Socket socket = plain.accept()) {
                    // The client's hello; left unread, closing would reset the connection.
                    assertThat(socket.getInputStream().read(new byte[8192])).isPositive();
                    socket.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(US_ASCII));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            assertThatThrownBy(remote::open)
                    .isInstanceOf(R2dbcNonTransientResourceException.class)
                    .hasMessageContaining("TLS")
                    .extracting(e -> ((R2dbcException) e).getSqlState())
                    .isEqualTo(Faults.CONNECTION_REFUSED);
            answered.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void rowsThatBreakOffEndWithAnError() {
        greet();
        answer("""
                {"baton":"b","base_url":null}
                {"type":"step_begin","step":0,"cols":[{"name":"a"}]}
                {"type":"row","row":[{"type":"integer","value":"1"}]}
                """);
        answer("{\"baton\":null,\"base_url\":null,\"results\":[{\"type\":\"ok\",\"response\":{\"type\":\"close\"}}]}");
        try (Remote remote = remote()) {
            Session session = remote.open();
            assertThatThrownBy(() -> session.execute(new Work(List.of(Call.read("SELECT 1")), 10))
                            .blockLast(PATIENCE))
                    .isInstanceOf(R2dbcTransientResourceException.class)
                    .hasMessageContaining("middle of its rows");
        }
    }

    @Test
    void aWaitForALockCannotBeSetAndSaysSo() {
        greet();
        try (Remote remote = remote()) {
            Session session = remote.open();
            session.lockWaitTimeout(null);
            assertThatThrownBy(() -> session.lockWaitTimeout(Duration.ofSeconds(1)))
                    .isInstanceOf(UnsupportedOperationException.class);
        }
    }

    private void failing(Session session, String message) {
        answer("{\"baton\":null,\"base_url\":null,\"results\":[{\"type\":\"error\",\"error\":{\"message\":\"" + message
                + "\",\"code\":\"PROXY_ERROR\"}},{\"type\":\"ok\",\"response\":{\"type\":\"close\"}}]}");
        write(session, "INSERT INTO t VALUES (1)");
    }
}
