package dev.pollux.r2dbc.hrana;

import static dev.pollux.r2dbc.hrana.Remote.PATIENCE;
import static dev.pollux.r2dbc.hrana.Remote.read;
import static dev.pollux.r2dbc.hrana.Remote.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.OutcomeUnknownException;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import dev.pollux.r2dbc.transport.Work;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTransientException;
import java.util.List;
import mockwebserver3.MockResponse;
import mockwebserver3.SocketEffect;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every error that a libSQL server is known to give, and what its caller may do next: one table. */
class HranaErrorsTest extends ScriptedServer {

    /** What a caller may do, as the exception's class tells it. */
    enum Next {
        /** The same again: nothing ran, or nothing that lasts. */
        AGAIN,
        /** The whole transaction again, for it is gone. */
        ALL_AGAIN,
        /** Nothing blindly: it may have run. */
        FIND_OUT,
        /** Something else, for this cannot work. */
        OTHERWISE;

        static Next of(Throwable error) {
            if (error instanceof OutcomeUnknownException) {
                return FIND_OUT;
            }
            if (error instanceof R2dbcRollbackException) {
                return ALL_AGAIN;
            }
            return error instanceof R2dbcTransientException ? AGAIN : OTHERWISE;
        }
    }

    /** What becomes of an open transaction. */
    enum Transaction {
        GOES_ON,
        IS_LOST
    }

    /** One error; the columns say what it means to a read, to a write that commits by itself, and in a transaction. */
    @SuppressWarnings("ImmutableEnumChecker") // a script is not changed
    enum Fault {
        // What SQLite says of a statement.
        CONSTRAINT(
                error("SQLITE_CONSTRAINT", "SQLite error: UNIQUE constraint failed: t.v"),
                "23505",
                Next.OTHERWISE,
                Next.OTHERWISE,
                Next.OTHERWISE,
                Transaction.GOES_ON),
        BUSY(
                error("SQLITE_BUSY", "SQLite error: database is locked"),
                "55P03",
                Next.AGAIN,
                Next.AGAIN,
                Next.AGAIN,
                Transaction.GOES_ON),
        UNKNOWN_TABLE(error("SQLITE_UNKNOWN", "SQLite error: no such table: t"), "42000"),
        TOO_BIG(error("SQLITE_TOOBIG", "SQLite error: string or blob too big"), "54000"),

        // What the server says of it.
        BAD_INPUT(error("SQL_INPUT_ERROR", "SQL input error: no such column: x (at offset 7)"), "42000"),
        UNREADABLE(error("SQL_PARSE_ERROR", "SQL string could not be parsed: near SELEC"), "42000"),
        NO_STATEMENT(error("SQL_NO_STATEMENT", "SQL string does not contain any statement"), "42000"),
        MANY_STATEMENTS(error("SQL_MANY_STATEMENTS", "SQL string contains more than one statement"), "42000"),
        BAD_ARGUMENTS(error("ARGS_INVALID", "Arguments do not match SQL parameters: ?2 not found"), "42000"),
        BIG_ARGUMENTS(error("ARGS_INVALID", "string or blob too big"), "54000"),
        STORE_FULL(error("SQL_STORE_TOO_MANY", "Too many SQL texts were stored: 51/50"), "42000"),
        STORE_SMALL(error("SQL_STORE_TOO_LARGE", "The statement is too large to be stored"), "42000"),

        // What the server says of itself.
        LOCK_TAKEN(
                error("TRANSACTION_TIMEOUT", "Transaction timed-out"),
                "40001",
                Next.ALL_AGAIN,
                Next.ALL_AGAIN,
                Next.ALL_AGAIN,
                Transaction.IS_LOST),
        EXPIRED_IN_A_PIPELINE(
                error("STREAM_EXPIRED", "The stream has expired due to inactivity"),
                "40001",
                Next.ALL_AGAIN,
                Next.ALL_AGAIN,
                Next.ALL_AGAIN,
                Transaction.IS_LOST),
        TRANSACTION_BUSY(error("TRANSACTION_BUSY", "Transaction is busy"), "53300", Next.AGAIN, Next.AGAIN),
        BLOCKED(error("BLOCKED", "Database is blocked: maintenance"), "53300", Next.AGAIN, Next.AGAIN),
        NEW_ERROR(error("SOMETHING_NEW", "words"), "08007", Next.AGAIN, Next.FIND_OUT),

        // What a replica says of its primary.
        PRIMARY_CONSTRAINT(
                error("PROXY_ERROR", "error executing a request on the primary: UNIQUE constraint failed: t.v"),
                "23505"),
        PRIMARY_STRICT(
                error(
                        "PROXY_ERROR",
                        "error executing a request on the primary: cannot store TEXT value in INTEGER column t.v"),
                "23000"),
        PRIMARY_MISMATCH(error("PROXY_ERROR", "error executing a request on the primary: datatype mismatch"), "23000"),
        PRIMARY_UNKNOWN_TABLE(
                error("PROXY_ERROR", "error executing a request on the primary: no such table: t"), "42000"),
        PRIMARY_OVERFLOW(error("PROXY_ERROR", "error executing a request on the primary: integer overflow"), "42000"),
        PRIMARY_TOO_BIG(
                error("PROXY_ERROR", "error executing a request on the primary: string or blob too big"), "54000"),
        PRIMARY_BUSY(
                error("PROXY_ERROR", "error executing a request on the primary: database is locked"),
                "55P03",
                Next.AGAIN,
                Next.AGAIN,
                Next.AGAIN,
                Transaction.GOES_ON),
        PRIMARY_LOCK_TAKEN(
                error("PROXY_ERROR", "error executing a request on the primary: Transaction timed-out"),
                "40001",
                Next.ALL_AGAIN,
                Next.ALL_AGAIN,
                Next.ALL_AGAIN,
                Transaction.IS_LOST),
        PRIMARY_GONE(error("PROXY_ERROR", "transport error"), "08007", Next.AGAIN, Next.FIND_OUT),

        // tursodb's words.
        PREPARING(error("PREPARE_ERROR", "Parse error: no such table: t"), "42000"),
        EXECUTING(error("EXECUTE_ERROR", "Runtime error: UNIQUE constraint failed: t.v (19)"), "23505"),
        STEPPING(error("BATCH_STEP_ERROR", "Runtime error: integer overflow"), "42000"),

        // HTTP.
        BATON_USED(
                http(400, "The baton has already been used"), "08P01", Next.OTHERWISE, Next.OTHERWISE, Next.ALL_AGAIN),
        BATON_INVALID(http(400, "Received an invalid baton"), "08P01", Next.OTHERWISE, Next.OTHERWISE, Next.ALL_AGAIN),
        EXPIRED(
                http(400, "{\"message\":\"The stream has expired due to inactivity\",\"code\":\"STREAM_EXPIRED\"}"),
                "08P01",
                Next.OTHERWISE,
                Next.OTHERWISE,
                Next.ALL_AGAIN),
        NO_TOKEN(http(401, "{\"error\":\"Unauthorized\"}"), "28000", Next.OTHERWISE, Next.OTHERWISE, Next.OTHERWISE),
        FORBIDDEN(http(403, "{\"error\":\"Forbidden\"}"), "42501", Next.OTHERWISE, Next.OTHERWISE, Next.OTHERWISE),
        NO_NAMESPACE(
                http(404, "{\"error\":\"Namespace `x` doesn't exist\"}"),
                "3D000",
                Next.OTHERWISE,
                Next.OTHERWISE,
                Next.ALL_AGAIN),
        NO_STREAM(
                http(404, "{\"error\":\"stream not found: abc\"}"),
                "3D000",
                Next.OTHERWISE,
                Next.OTHERWISE,
                Next.ALL_AGAIN),
        TOO_LARGE(http(413, ""), "54000", Next.OTHERWISE, Next.OTHERWISE, Next.OTHERWISE),
        TOO_MANY_STREAMS(
                http(429, "{\"error\":\"Timed out while opening database connection\"}"),
                "53300",
                Next.AGAIN,
                Next.AGAIN,
                Next.ALL_AGAIN),
        INTERNAL(http(500, "{\"error\":\"Internal Error\"}"), "08007", Next.AGAIN, Next.FIND_OUT, Next.ALL_AGAIN),
        BAD_GATEWAY(http(502, "<html>"), "08007", Next.AGAIN, Next.FIND_OUT, Next.ALL_AGAIN),
        UNAVAILABLE(http(503, ""), "08007", Next.AGAIN, Next.FIND_OUT, Next.ALL_AGAIN),
        GATEWAY_TIMEOUT(http(504, ""), "08007", Next.AGAIN, Next.FIND_OUT, Next.ALL_AGAIN),
        HUNG_UP(new Script(0, "", null), "08007", Next.AGAIN, Next.FIND_OUT, Next.ALL_AGAIN);

        final Script script;
        final String state;
        final Next read;
        final Next write;
        final Next joined;
        final Transaction transaction;

        /** Of a statement that cannot work, in a transaction or not. */
        Fault(Script script, String state) {
            this(script, state, Next.OTHERWISE, Next.OTHERWISE, Next.OTHERWISE, Transaction.GOES_ON);
        }

        /** A transaction goes on unless a write in it may have run. */
        Fault(Script script, String state, Next read, Next write) {
            this(
                    script,
                    state,
                    read,
                    write,
                    write == Next.FIND_OUT ? Next.ALL_AGAIN : write,
                    write == Next.FIND_OUT ? Transaction.IS_LOST : Transaction.GOES_ON);
        }

        /** What is no answer to a statement costs the stream, and so the transaction. */
        Fault(Script script, String state, Next read, Next write, Next joined) {
            this(script, state, read, write, joined, Transaction.IS_LOST);
        }

        /**
         * One line of the table.
         *
         * @param state the SQLSTATE of the write's error
         */
        Fault(Script script, String state, Next read, Next write, Next joined, Transaction transaction) {
            this.script = script;
            this.state = state;
            this.read = read;
            this.write = write;
            this.joined = joined;
            this.transaction = transaction;
        }
    }

    /**
     * How the server shows an error.
     *
     * @param status that of HTTP, or 0 for hanging up
     * @param error the error of a statement, or null if the body says all
     */
    record Script(int status, String body, @Nullable String error) {}

    private static Script error(String code, String message) {
        return new Script(200, "", "{\"message\":\"" + message + "\",\"code\":\"" + code + "\"}");
    }

    private static Script http(int status, String body) {
        return new Script(status, body, null);
    }

    @ParameterizedTest
    @EnumSource
    void aReadSaysWhatMayBeDoneNext(Fault fault) {
        greet();
        try (Remote remote = remote()) {
            Session session = remote.open();

            executes(fault);
            assertThat(next(() -> read(session, "SELECT 1"))).isEqualTo(fault.read);
            assertUsable(session);

            if (fault.script.error == null) {
                fails(fault);
            } else {
                answer("{\"baton\":\"b\",\"base_url\":null}\n{\"type\":\"step_error\",\"step\":0,\"error\":"
                        + fault.script.error + "}\n");
                answer(closed());
            }
            assertThat(next(() -> session.execute(new Work(List.of(Call.read("SELECT 1")), 10))
                            .blockLast(PATIENCE)))
                    .as("by a cursor")
                    .isEqualTo(fault.read);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aWriteSaysWhatMayBeDoneNext(Fault fault) {
        greet();
        try (Remote remote = remote()) {
            Session session = remote.open();
            executes(fault);

            Throwable error = catchThrowable(() -> write(session, "INSERT INTO t VALUES (1)"));

            assertThat(error).isInstanceOf(R2dbcException.class);
            assertThat(Next.of(error)).isEqualTo(fault.write);
            assertThat(((R2dbcException) error).getSqlState()).isEqualTo(fault.state);
            assertUsable(session);
        }
        assertThat(server.getRequestCount()).as("nothing is sent twice").isEqualTo(4);
    }

    /** A unit of work whose second statement fails, and which so did not commit. */
    @ParameterizedTest
    @EnumSource
    void severalCallsSayWhatMayBeDoneNext(Fault fault) {
        greet();
        try (Remote remote = remote()) {
            Session session = remote.open();
            if (fault.script.error == null) {
                fails(fault);
            } else {
                answer("{\"baton\":null,\"base_url\":null,"
                        + results("{\"type\":\"batch\",\"result\":{\"step_results\":[" + row() + "," + row()
                                + ",null,null," + row() + "],\"step_errors\":[null,null," + fault.script.error
                                + ",null,null]}}"));
            }

            assertThat(next(() -> Remote.run(
                            session, Call.write("INSERT INTO t VALUES (1)"), Call.write("INSERT INTO t VALUES (2)"))))
                    .isEqualTo(fault.write);
            assertUsable(session);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aTransactionGoesOnOrIsLost(Fault fault) {
        greet();
        try (Remote remote = remote()) {
            Session session = remote.open();
            begun();
            session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
            joins(fault);

            assertThat(next(() -> write(session, "INSERT INTO t VALUES (1)"))).isEqualTo(fault.joined);

            assertThat(session.inTransaction()).isTrue();
            if (fault.transaction == Transaction.GOES_ON) {
                assertThat(session.validate(false).block(PATIENCE)).isTrue();
                answer("{\"baton\":\"b3\",\"base_url\":null," + batchResult(row(), "null"));
                assertThat(session.validate(true).block(PATIENCE)).isTrue();
                answer("{\"baton\":null,\"base_url\":null," + batchResult(row(), "null"));
                session.commit().block(PATIENCE);
                assertThat(session.inTransaction()).isFalse();
            } else {
                assertThat(session.validate(false).block(PATIENCE)).isFalse();
                assertThat(session.validate(true).block(PATIENCE)).isFalse();
                for (int i = 0; i < 2; i++) {
                    assertThatThrownBy(() -> write(session, "INSERT INTO t VALUES (2)"))
                            .isInstanceOf(R2dbcRollbackException.class);
                }
                assertThat(server.getRequestCount())
                        .as("a lost stream gets no more statements")
                        .isEqualTo(4);
                // What is left of the stream, if anything, is closed.
                answer(closed());
                assertThatThrownBy(() -> session.commit().block(PATIENCE)).isInstanceOf(R2dbcRollbackException.class);
                assertThat(session.inTransaction()).isFalse();
                assertThat(session.validate(false).block(PATIENCE)).isTrue();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCommitSaysWhatMayBeDoneNext(Fault fault) {
        greet();
        try (Remote remote = remote()) {
            Session session = remote.open();
            begun();
            session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
            joins(fault);

            Next next = next(() -> session.commit().block(PATIENCE));

            // Whether a commit took effect is in doubt just where that of a write would be.
            assertThat(next).isEqualTo(fault.write == Next.FIND_OUT ? Next.FIND_OUT : fault.joined);
            assertThat(session.inTransaction()).isFalse();
            assertUsable(session);
        }
    }

    private static Next next(ThrowingCallable call) {
        Throwable error = catchThrowable(call);
        assertThat(error).isInstanceOf(R2dbcException.class);
        return Next.of(error);
    }

    private void assertUsable(Session session) {
        assertThat(session.validate(false).block(PATIENCE)).isTrue();
        answer(executed("\"integer\",\"value\":\"1\""));
        assertThat(session.validate(true).block(PATIENCE)).isTrue();
    }

    /** The next pipeline, of one statement, fails so. */
    private void executes(Fault fault) {
        if (fault.script.error == null) {
            fails(fault);
        } else {
            answer("{\"baton\":null,\"base_url\":null,\"results\":[{\"type\":\"error\",\"error\":" + fault.script.error
                    + "},{\"type\":\"ok\",\"response\":{\"type\":\"close\"}}]}");
        }
    }

    /** The next pipeline, in a transaction, fails so. */
    private void joins(Fault fault) {
        if (fault.script.error == null) {
            fails(fault);
        } else {
            answer("{\"baton\":\"b2\",\"base_url\":null," + batchResult("null", fault.script.error));
        }
    }

    private void fails(Fault fault) {
        MockResponse.Builder response = new MockResponse.Builder();
        server.enqueue(
                fault.script.status == 0
                        ? response.onResponseStart(new SocketEffect.CloseSocket())
                                .build()
                        : response.code(fault.script.status)
                                .body(fault.script.body)
                                .build());
    }
}
