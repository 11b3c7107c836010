package dev.pollux.r2dbc.hrana;

import static dev.pollux.r2dbc.hrana.Remote.read;
import static dev.pollux.r2dbc.hrana.Remote.run;
import static dev.pollux.r2dbc.hrana.Remote.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Session;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.util.Collections;
import mockwebserver3.MockResponse;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Writes outside transactions go over streams that stay open from one to the next. */
class LoneWritesTest extends ScriptedServer {

    private static final String INSERT = "INSERT INTO t VALUES (1)";

    @BeforeEach
    void greetings() {
        greet();
    }

    private void written(String baton) {
        answer("{\"baton\":\"" + baton + "\",\"base_url\":null,"
                + results("{\"type\":\"execute\",\"result\":" + row() + "}"));
    }

    /** A batch of two statements whose COMMIT, ran or not. */
    private void batch(String baton, String commit, String errors) {
        answer("{\"baton\":\"" + baton + "\",\"base_url\":null,"
                + results("{\"type\":\"batch\",\"result\":{\"step_results\":["
                        + String.join(",", Collections.nCopies(3, row())) + "," + commit + ",null],\"step_errors\":["
                        + errors + "]}}"));
    }

    private static void batch(Session session) {
        run(session, Call.write(INSERT), Call.write(INSERT));
    }

    private void skipGreetings() throws InterruptedException {
        taken();
        taken();
    }

    private String next() throws InterruptedException {
        return body(taken());
    }

    @Test
    void aStreamGoesOnFromOneWriteToTheNextOnWhicheverConnection() throws Exception {
        try (Remote remote = remote()) {
            written("b1");
            write(remote.open(), INSERT);
            batch("b2", row(), "null,null,null,null,null");
            batch(remote.open());
            written("b3");
            write(remote.open(), "with x as (select 1) delete from t");
            answer(closed());
        }

        skipGreetings();
        assertThat(next()).startsWith("{\"baton\":null").doesNotContain("\"close\"");
        assertThat(next()).startsWith("{\"baton\":\"b1\"").doesNotContain("\"close\"");
        assertThat(next()).startsWith("{\"baton\":\"b2\"").doesNotContain("\"close\"");
        assertThat(next()).as("at the end").isEqualTo("{\"baton\":\"b3\",\"requests\":[{\"type\":\"close\"}]}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"PRAGMA user_version = 3", "CREATE TABLE u (a)", "ATTACH 'x' AS x", "SAVEPOINT s"})
    void whatMayLeaveSomethingBehindHasAStreamOfItsOwn(String sql) throws Exception {
        try (Remote remote = remote()) {
            written("b1");
            write(remote.open(), INSERT);
            written("c1");
            write(remote.open(), sql);
            answer(executed("\"integer\",\"value\":\"1\""));
            read(remote.open(), "SELECT 1");
            answer(closed());
        }

        skipGreetings();
        next();
        assertThat(next()).startsWith("{\"baton\":null").endsWith("{\"type\":\"close\"}]}");
        assertThat(next()).startsWith("{\"baton\":null").endsWith("{\"type\":\"close\"}]}");
    }

    @ParameterizedTest
    @CsvSource({"400, STREAM_EXPIRED", "400, invalid baton", "404, stream not found", "410, gone", "429, too many"})
    void aStreamThatTheServerHasGivenUpIsReplaced(int status, String message) throws Exception {
        try (Remote remote = remote()) {
            written("b1");
            write(remote.open(), INSERT);
            server.enqueue(new MockResponse.Builder().code(status).body(message).build());
            written("c1");
            write(remote.open(), INSERT);
            answer(closed());
        }

        skipGreetings();
        next();
        assertThat(next()).startsWith("{\"baton\":\"b1\"");
        assertThat(next()).startsWith("{\"baton\":null").contains(INSERT);
        assertThat(next()).startsWith("{\"baton\":\"c1\"");
    }

    /** SQLite looks for the table's columns before it looks whether they are still the same. */
    @Test
    void whatAnOldConnectionCannotMakeSenseOfIsAskedOfANewOne() throws Exception {
        try (Remote remote = remote()) {
            written("b1");
            write(remote.open(), INSERT);
            answer("{\"baton\":null,\"base_url\":null,\"results\":[{\"type\":\"error\",\"error\":{\"message\":\"SQLite"
                    + " error: table t has 2 columns but 1 values were supplied\",\"code\":\"SQLITE_UNKNOWN\"}}]}");
            written("c1");
            write(remote.open(), INSERT);
            answer(closed());
        }

        skipGreetings();
        next();
        assertThat(next()).startsWith("{\"baton\":\"b1\"");
        assertThat(next()).startsWith("{\"baton\":null").contains(INSERT);
    }

    @Test
    void aStreamOnWhichABatchFailedIsEnded() throws Exception {
        try (Remote remote = remote()) {
            batch(
                    "b1",
                    "null",
                    "null,null,{\"message\":\"UNIQUE constraint failed\",\"code\":\"SQLITE_CONSTRAINT\"},null,null");
            answer(closed());
            Session session = remote.open();
            assertThatThrownBy(() -> batch(session)).hasMessageContaining("UNIQUE");
            skipGreetings();
            next();
            assertThat(next()).isEqualTo("{\"baton\":\"b1\",\"requests\":[{\"type\":\"close\"}]}");

            written("c1");
            write(session, INSERT);
            assertThat(next()).startsWith("{\"baton\":null");
            answer(closed());
        }
    }

    /** For the server may give that connection the lock later, which only a write on it takes up. */
    @Test
    void aStreamOnWhichABatchDidNotGetTheLockStaysOpen() throws Exception {
        try (Remote remote = remote()) {
            batch("b1", "null", "{\"message\":\"database is locked\",\"code\":\"SQLITE_BUSY\"},null,null,null,null");
            Session session = remote.open();
            assertThatThrownBy(() -> batch(session)).isInstanceOf(R2dbcTransientResourceException.class);
            written("b2");
            write(session, INSERT);
            answer(closed());
        }

        skipGreetings();
        next();
        assertThat(next()).startsWith("{\"baton\":\"b1\"");
    }

    @Test
    void aStreamThatNobodyUsesIsEnded() throws Exception {
        try (Remote remote = remote()) {
            written("b1");
            answer(closed());
            write(remote.open(), INSERT);

            skipGreetings();
            next();
            assertThat(next())
                    .as("after some seconds")
                    .isEqualTo("{\"baton\":\"b1\",\"requests\":[{\"type\":\"close\"}]}");
        }
    }
}
