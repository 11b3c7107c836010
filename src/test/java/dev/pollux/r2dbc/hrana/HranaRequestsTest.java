package dev.pollux.r2dbc.hrana;

import static dev.pollux.r2dbc.hrana.Remote.PATIENCE;
import static dev.pollux.r2dbc.hrana.Remote.read;
import static dev.pollux.r2dbc.hrana.Remote.run;
import static dev.pollux.r2dbc.hrana.Remote.value;
import static dev.pollux.r2dbc.hrana.Remote.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.OutcomeUnknownException;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import dev.pollux.r2dbc.transport.Work;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import okio.Buffer;
import okio.BufferedSink;
import okio.GzipSink;
import okio.Okio;
import org.junit.jupiter.api.Test;

/** What goes over the wire. */
class HranaRequestsTest extends ScriptedServer {

    private static final String AFTER = "\"replication_index\":\"";
    private static final String CURSOR = """
            {"baton":"b","base_url":null}
            {"type":"step_begin","step":0,"cols":[{"name":"a"}]}
            {"type":"row","row":[{"type":"integer","value":"1"}]}
            {"type":"step_end","affected_row_count":0,"last_insert_rowid":null}
            {"type":"replication_index","replication_index":12}
            """;

    /** The server's answer to one write, with its replication index. */
    private void written(long index) {
        answer("{\"baton\":null,\"base_url\":null,"
                + results("{\"type\":\"execute\",\"result\":{\"cols\":[],\"rows\":[],\"affected_row_count\":1,"
                        + "\"last_insert_rowid\":null,\"replication_index\":\"" + index + "\"}}"));
    }

    /** The body of the last of the next so many requests. */
    private String last(int requests) throws InterruptedException {
        String body = "";
        for (int i = 0; i < requests; i++) {
            body = body(taken());
        }
        return body;
    }

    @Test
    void afterAWriteEverythingThatOpensAStreamComesAfterItOnEveryConnection() throws Exception {
        greet();
        try (Remote remote = new Remote(options().consistentReads(true).build())) {
            Session writer = remote.open();
            Session reader = remote.open();
            answer(executed("\"integer\",\"value\":\"1\""));
            read(reader, "SELECT 1");
            assertThat(last(3)).doesNotContain("replication_index");
            written(41);
            write(writer, "INSERT INTO t VALUES (1)");
            assertThat(last(1)).doesNotContain("replication_index");

            answer(executed("\"integer\",\"value\":\"1\""));
            read(reader, "SELECT 1");
            assertThat(last(1)).contains("\"stmt\":{\"sql\":\"SELECT 1\"," + AFTER + "41\"}");
            answer("{\"baton\":null,\"base_url\":null,"
                    + results("{\"type\":\"batch\",\"result\":{\"step_results\":["
                            + String.join(",", Collections.nCopies(4, row()))
                            + ",null],\"step_errors\":[null,null,null,null,null]}}"));
            run(reader, Call.read("SELECT 1"), Call.read("SELECT 2"));
            assertThat(last(1)).contains("\"batch\":{" + AFTER + "41\"").containsOnlyOnce("replication_index");
            answer(CURSOR);
            answer(closed());
            reader.execute(new Work(List.of(Call.read("SELECT 1")), 10)).blockLast(PATIENCE);
            assertThat(last(1)).contains("\"batch\":{" + AFTER + "41\"").containsOnlyOnce("replication_index");
            assertThat(last(1)).contains("\"close\"").doesNotContain("replication_index");
            begun();
            reader.begin(TransactionMode.DEFERRED).block(PATIENCE);
            assertThat(last(1)).contains(AFTER + "41\"");
            answer("{\"baton\":\"b2\",\"base_url\":null," + batchResult(row(), "null"));
            read(reader, "SELECT 1");
            assertThat(last(1)).doesNotContain("replication_index");
            answer(closed());
        }
    }

    @Test
    void aCommitCountsAsAWriteAndItsStatementsDoNot() throws Exception {
        greet();
        try (Remote remote = new Remote(options().consistentReads(true).build())) {
            Session session = remote.open();
            begun();
            session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
            answer(indexed("{\"baton\":\"b2\",\"base_url\":null,", 7));
            write(session, "INSERT INTO t VALUES (1)");
            answer(executed("\"integer\",\"value\":\"1\""));
            read(remote.open(), "SELECT 1");
            assertThat(last(5)).doesNotContain("replication_index");
            answer(indexed("{\"baton\":null,\"base_url\":null,", 9));
            session.commit().block(PATIENCE);
            last(1);
            answer(executed("\"integer\",\"value\":\"1\""));
            read(remote.open(), "SELECT 1");
            assertThat(last(1)).contains(AFTER + "9\"");
        }
    }

    private static String indexed(String head, long index) {
        return head
                + results("{\"type\":\"batch\",\"result\":{\"step_results\":[" + row()
                        + "],\"step_errors\":[null],\"replication_index\":\"" + index + "\"}}");
    }

    @Test
    void aValidationComesAfterNothing() throws Exception {
        greet();
        try (Remote remote = new Remote(options().consistentReads(true).build())) {
            Session session = remote.open();
            written(41);
            write(session, "INSERT INTO t VALUES (1)");
            answer(executed("\"integer\",\"value\":\"1\""));
            assertThat(session.validate(true).block(PATIENCE)).isTrue();
            assertThat(last(4)).contains("SELECT 1").doesNotContain("replication_index");
        }
    }

    @Test
    void unlessAskedForNoReadComesAfterAnything() throws Exception {
        greet();
        try (Remote remote = remote()) {
            Session session = remote.open();
            written(41);
            write(session, "INSERT INTO t VALUES (1)");
            answer(executed("\"integer\",\"value\":\"1\""));
            read(session, "SELECT 1");
            assertThat(last(4)).doesNotContain("replication_index");
        }
    }

    @Test
    void versionTwoKnowsTheIndexToo() throws Exception {
        greetInVersionTwo();
        try (Remote remote = new Remote(options().consistentReads(true).build())) {
            Session session = remote.open();
            written(41);
            write(session, "INSERT INTO t VALUES (1)");
            answer(executed("\"integer\",\"value\":\"1\""));
            read(session, "SELECT 1");
            assertThat(last(5)).contains(AFTER + "41\"");
        }
    }

    @Test
    void aReadThatWaitsForAReplicaTooLongNamesTheOption() {
        greet();
        written(41);
        stall();
        try (Remote remote = new Remote(options().consistentReads(true).build())) {
            Session session = remote.open();
            write(session, "INSERT INTO t VALUES (1)");
            session.statementTimeout(Duration.ofMillis(100));
            assertThatThrownBy(() -> read(session, "SELECT 1"))
                    .isInstanceOf(R2dbcTimeoutException.class)
                    .hasMessageContaining("PT0.1S")
                    .hasMessageContaining("consistentReads");
        }
    }

    @Test
    void aServerThatIsSilentForTooLongIsGivenUp() {
        try (Remote remote =
                new Remote(options().readTimeout(Duration.ofMillis(500)).build())) {
            greet();
            Session session = remote.open();
            stall();
            assertThatThrownBy(() -> read(session, "SELECT 1"))
                    .isInstanceOf(R2dbcTimeoutException.class)
                    .hasMessageContaining("PT0.5S");
            stall();
            assertThatThrownBy(() -> write(session, "INSERT INTO t VALUES (1)"))
                    .isInstanceOf(OutcomeUnknownException.class)
                    .hasMessageContaining("PT0.5S");
            stall();
            assertThatThrownBy(() -> session.execute(new Work(List.of(Call.read("SELECT 1")), 10))
                            .blockLast(PATIENCE))
                    .isInstanceOf(R2dbcTimeoutException.class)
                    .hasMessageContaining("PT0.5S");
        }
    }

    private void stall() {
        server.enqueue(new MockResponse.Builder()
                .onResponseStart(SocketEffect.Stall.INSTANCE)
                .build());
    }

    @Test
    void aTextThatABatchRepeatsIsSentOnceAheadOfIt() throws Exception {
        greet();
        String sql = "INSERT INTO t VALUES (?1) /* " + "x".repeat(400) + " */";
        List<Call> calls = new ArrayList<>();
        for (long i = 0; i < 50; i++) {
            calls.add(Call.write(sql, i));
        }
        String steps = String.join(",", Collections.nCopies(52, row())) + ",null";
        String errors = String.join(",", Collections.nCopies(53, "null"));
        answer("{\"baton\":null,\"base_url\":null,\"results\":[{\"type\":\"ok\",\"response\":{\"type\":\"store_sql\"}},"
                + results("{\"type\":\"batch\",\"result\":{\"step_results\":[" + steps + "],\"step_errors\":[" + errors
                                + "]}}")
                        .substring("\"results\":[".length()));
        try (Remote remote = remote()) {
            assertThat(run(remote.open(), calls.toArray(Call[]::new))).hasSize(50);
        }

        assertThat(last(3))
                .containsOnlyOnce(sql)
                .contains("\"requests\":[{\"type\":\"store_sql\",\"sql_id\":0,\"sql\":\"INSERT")
                .contains("\"stmt\":{\"sql_id\":0,\"args\":[{\"type\":\"integer\",\"value\":\"49\"}]}")
                .contains("\"stmt\":{\"sql\":\"COMMIT\"}")
                .as("the stream stays open for the next write")
                .endsWith("{\"type\":\"close_sql\",\"sql_id\":0}]}");
    }

    @Test
    void inATransactionAStoredTextIsForgottenAtTheEndOfItsRequest() throws Exception {
        greet();
        begun();
        String sql = "INSERT INTO t VALUES (?1) /* " + "x".repeat(10_000) + " */";
        String longest = sql.substring(0, 4_900) + " */";
        answer(
                "{\"baton\":\"b2\",\"base_url\":null,\"results\":[{\"type\":\"ok\",\"response\":{\"type\":\"store_sql\"}},"
                        + "{\"type\":\"ok\",\"response\":{\"type\":\"batch\",\"result\":{\"step_results\":["
                        + String.join(",", Collections.nCopies(10, row())) + "],\"step_errors\":["
                        + String.join(",", Collections.nCopies(10, "null")) + "]}}},"
                        + "{\"type\":\"ok\",\"response\":{\"type\":\"close_sql\"}}]}");
        try (Remote remote = remote()) {
            Session session = remote.open();
            session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
            List<Call> calls = new ArrayList<>(Collections.nCopies(5, Call.write(longest, 1L)));
            calls.addAll(Collections.nCopies(5, Call.write(sql, 1L)));
            assertThat(run(session, calls.toArray(Call[]::new))).hasSize(10);
            answer(closed());
        }

        assertThat(last(4))
                .as("what is too long to be stored is sent as it is")
                .containsOnlyOnce("store_sql")
                .contains("\"sql\":\"" + sql)
                .endsWith("{\"type\":\"close_sql\",\"sql_id\":0}]}");
    }

    @Test
    void answersMayBeCompressed() throws Exception {
        server.enqueue(new MockResponse.Builder().code(200).build());
        compressed(VERSION);
        compressed(executed("\"integer\",\"value\":\"7\""));
        compressed(CURSOR);
        answer(closed());
        try (Remote remote = remote()) {
            Session session = remote.open();
            assertThat(value(session, "SELECT 7")).isEqualTo(7L);
            assertThat(Objects.requireNonNull(session.execute(new Work(List.of(Call.read("SELECT 1")), 10))
                                    .blockLast(PATIENCE))
                            .rows())
                    .hasSize(1);
        }
        taken();
        RecordedRequest request = taken();
        assertThat(request.getHeaders().get("Accept-Encoding")).isEqualTo("gzip");
        assertThat(request.getHeaders().get("Content-Encoding"))
                .as("servers do not take compressed requests")
                .isNull();
    }

    private void compressed(String body) throws IOException {
        Buffer buffer = new Buffer();
        try (BufferedSink gzip = Okio.buffer(new GzipSink(buffer))) {
            gzip.writeUtf8(body);
        }
        server.enqueue(new MockResponse.Builder()
                .code(200)
                .addHeader("Content-Encoding", "gzip")
                .body(buffer)
                .build());
    }

    /** A stream that stays open would count against the server's 128. */
    @Test
    void everyStreamIsClosedByTheRequestThatEndsItsWork() throws Exception {
        greet();
        begun();
        answer("{\"baton\":null,\"base_url\":null," + batchResult(row(), "null"));
        begun();
        answer(closed());
        answer("{\"baton\":\"b1\",\"base_url\":null,\"results\":[{\"type\":\"error\",\"error\":{\"message\":"
                + "\"database is locked\",\"code\":\"SQLITE_BUSY\"}}]}");
        answer(closed());
        begun();
        answer(closed());
        try (Remote remote = remote()) {
            Session session = remote.open();
            session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
            session.commit().block(PATIENCE);
            session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
            session.rollback().block(PATIENCE);
            assertThatThrownBy(() -> session.begin(TransactionMode.IMMEDIATE).block(PATIENCE))
                    .hasMessageContaining("locked");
            // The last of them is sent on the side.
            for (int i = 0; i < 8; i++) {
                String body = last(1);
                if (i == 3 || i == 5 || i == 7) {
                    assertThat(body).as("request %s", i).endsWith("{\"type\":\"close\"}]}");
                }
                if (i == 5) {
                    assertThat(body).contains("ROLLBACK");
                }
                if (i == 7) {
                    assertThat(body).contains("\"baton\":\"b1\"").doesNotContain("BEGIN");
                }
            }
            session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
            session.close().block(PATIENCE);
            assertThat(last(2)).contains("ROLLBACK").endsWith("{\"type\":\"close\"}]}");
        }
    }
}
