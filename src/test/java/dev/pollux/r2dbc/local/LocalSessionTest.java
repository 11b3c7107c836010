package dev.pollux.r2dbc.local;

import static dev.pollux.r2dbc.local.Database.WAIT;
import static dev.pollux.r2dbc.local.Database.read;
import static dev.pollux.r2dbc.local.Database.rows;
import static dev.pollux.r2dbc.local.Database.run;
import static dev.pollux.r2dbc.local.Database.unit;
import static dev.pollux.r2dbc.local.Database.value;
import static dev.pollux.r2dbc.local.Database.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Column;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcRollbackException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.scheduler.Schedulers;

/** What a session promises, on a file and in memory alike. */
@ParameterizedClass(name = "in memory: {0}")
@ValueSource(booleans = {false, true})
class LocalSessionTest {

    @Parameter
    boolean inMemory;

    @TempDir
    Path folder;

    private Database database;
    private Session session;

    @BeforeEach
    void open() {
        database = inMemory ? Database.memory() : Database.file(folder);
        session = database.open();
        write(session, "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT UNIQUE)");
    }

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void valuesRoundTrip() {
        String big = "x".repeat(4 * 1024 * 1024);
        byte[] bytes = new byte[4 * 1024 * 1024];
        Arrays.fill(bytes, (byte) 7);
        for (Object value : new Object[] {
            0L, Long.MIN_VALUE, Long.MAX_VALUE, 1.5, -0.25, Double.MAX_VALUE, "", "a\0b\0", "😀 žluťoučký", big
        }) {
            assertThat(value(session, "SELECT ?1", value)).isEqualTo(value);
        }
        assertThat(value(session, "SELECT ?1", (Object) null)).isNull();
        assertThat(value(session, "SELECT ?1", bytes)).isEqualTo(bytes);
        assertThat(value(session, "SELECT ?1", new byte[0])).isEqualTo(new byte[0]);
        assertThat(value(session, "SELECT ?1", new byte[] {0, -1, 0})).isEqualTo(new byte[] {0, -1, 0});
    }

    @Test
    void aStoredValueKeepsItsType() {
        write(session, "CREATE TABLE v(a)");
        write(session, "INSERT INTO v VALUES (?1), (?2), (?3), (?4)", 7L, 7.0, "7", null);
        assertThat(rows(session, "SELECT a, typeof(a) FROM v ORDER BY rowid"))
                .containsExactly(
                        List.of(7L, "integer"),
                        List.of(7.0, "real"),
                        List.of("7", "text"),
                        Arrays.asList(null, "null"));
    }

    @Test
    void columnsHaveNamesAndDeclaredTypes() {
        write(session, "CREATE TABLE c(a VARCHAR(20), b DECIMAL(10, 2), c)");
        assertThat(run(session, read("SELECT a, b AS x, c, 1 + 1 AS sum FROM c"))
                        .get(0)
                        .columns())
                .containsExactly(
                        new Column("a", "VARCHAR(20)"),
                        new Column("x", "DECIMAL(10, 2)"),
                        new Column("c", null),
                        new Column("sum", null));
    }

    @Test
    void aCachedStatementSeesAChangedSchema() {
        write(session, "INSERT INTO t(name) VALUES ('a')");
        assertThat(rows(session, "SELECT * FROM t")).containsExactly(List.of(1L, "a"));
        write(database.open(), "ALTER TABLE t ADD COLUMN more BLOB DEFAULT 'x'");
        Answer answer = run(session, read("SELECT * FROM t")).get(0);
        assertThat(answer.columns()).extracting(Column::name).containsExactly("id", "name", "more");
        assertThat(answer.rows().get(0)).containsExactly(1L, "a", "x");
        write(session, "DROP TABLE t");
        write(session, "CREATE TABLE t(other REAL)");
        assertThat(run(session, read("SELECT * FROM t")).get(0).columns()).containsExactly(new Column("other", "REAL"));
    }

    @Test
    void rowsAffectedCountsTheCallsOwnRows() {
        assertThat(write(session, "INSERT INTO t(name) VALUES ('a'), ('b'), ('c')")
                        .rowsAffected())
                .isEqualTo(3);
        assertThat(write(session, "UPDATE t SET name = name || id WHERE id > 1").rowsAffected())
                .isEqualTo(2);
        assertThat(write(session, "UPDATE t SET name = name WHERE id > 9").rowsAffected())
                .isZero();
        Answer deleted = write(session, "DELETE FROM t WHERE id < 3 RETURNING id, name");
        assertThat(deleted.rowsAffected()).isEqualTo(2);
        assertThat(deleted.rows()).containsExactly(new Object[] {1L, "a"}, new Object[] {2L, "b2"});
        assertThat(write(session, "CREATE TABLE other(id)").rowsAffected()).isZero();
        assertThat(write(session, "CREATE TABLE copy AS SELECT * FROM t").rowsAffected())
                .isZero();
        assertThat(write(session, "ALTER TABLE copy DROP COLUMN name").rowsAffected())
                .isZero();
        assertThat(run(session, read("SELECT 1")).get(0).rowsAffected()).isZero();
    }

    @Test
    void aUnitCommitsAsAWhole() {
        List<Answer> answers = run(
                session,
                unit(
                        Call.write("INSERT INTO t(name) VALUES (?1)", "a"),
                        Call.read("SELECT count(*) FROM t"),
                        Call.write("INSERT INTO t(name) VALUES (?1) RETURNING id", "b")));
        assertThat(answers).hasSize(3);
        assertThat(answers.get(1).rows().get(0)).containsExactly(1L);
        assertThat(answers.get(2).rows().get(0)).containsExactly(2L);
        assertThat(value(database.open(), "SELECT count(*) FROM t")).isEqualTo(2L);
    }

    @Test
    void aUnitThatFailsLeavesNothing() {
        assertThatThrownBy(() -> run(
                        session,
                        unit(
                                Call.write("INSERT INTO t(name) VALUES ('a')"),
                                Call.write("INSERT INTO t(name) VALUES ('a')"))))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class);
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L);
        write(database.open(), "INSERT INTO t(name) VALUES ('a')");
    }

    @Test
    void aTransactionCommitsOrRollsBack() {
        for (TransactionMode mode : TransactionMode.values()) {
            session.begin(mode).block(WAIT);
            assertThat(session.inTransaction()).isTrue();
            write(session, "INSERT INTO t(name) VALUES ('gone')");
            session.rollback().block(WAIT);
            assertThat(session.inTransaction()).isFalse();
            session.begin(mode).block(WAIT);
            write(session, "INSERT INTO t(name) VALUES (?1)", mode.name());
            session.commit().block(WAIT);
            assertThat(session.inTransaction()).isFalse();
        }
        assertThat(rows(database.open(), "SELECT name FROM t ORDER BY id"))
                .containsExactly(List.of("DEFERRED"), List.of("IMMEDIATE"), List.of("EXCLUSIVE"));
    }

    @Test
    void anErrorInATransactionLeavesItOpen() {
        session.begin(TransactionMode.IMMEDIATE).block(WAIT);
        write(session, "INSERT INTO t(name) VALUES ('a')");
        assertThatThrownBy(() -> run(
                        session,
                        unit(
                                Call.write("INSERT INTO t(name) VALUES ('b')"),
                                Call.write("INSERT INTO t(name) VALUES ('a')"),
                                Call.write("INSERT INTO t(name) VALUES ('c')"))))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class);
        session.commit().block(WAIT);
        assertThat(rows(session, "SELECT name FROM t ORDER BY id")).containsExactly(List.of("a"), List.of("b"));
    }

    @Test
    void aTransactionThatSqliteRolledBackFailsUntilRollback() {
        session.begin(TransactionMode.IMMEDIATE).block(WAIT);
        write(session, "INSERT INTO t(name) VALUES ('a')");
        assertThatThrownBy(() -> write(session, "INSERT OR ROLLBACK INTO t(name) VALUES ('a')"))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class);
        assertThat(session.inTransaction()).isTrue();
        write(database.open(), "INSERT INTO t(name) VALUES ('other')"); // the gate was left with SQLite's lock
        assertThatThrownBy(() -> write(session, "INSERT INTO t(name) VALUES ('b')"))
                .isInstanceOf(R2dbcRollbackException.class)
                .hasMessageContaining("rollback()");
        assertThatThrownBy(() -> value(session, "SELECT 1")).isInstanceOf(R2dbcRollbackException.class);
        assertThatThrownBy(() -> session.commit().block(WAIT)).isInstanceOf(R2dbcRollbackException.class);
        session.rollback().block(WAIT);
        assertThat(session.inTransaction()).isFalse();
        assertThat(rows(session, "SELECT name FROM t")).containsExactly(List.of("other"));
    }

    @Test
    void aFullDatabaseFailsAndKeepsWhatWasCommitted() {
        write(session, "INSERT INTO t(name) VALUES ('a')");
        run(session, write("PRAGMA max_page_count = 16"));
        assertThatThrownBy(() -> write(session, "INSERT INTO t(name) VALUES (?1)", "x".repeat(200_000)))
                .isInstanceOf(R2dbcNonTransientResourceException.class)
                .hasMessageContaining("SQLITE_FULL");
        session.begin(TransactionMode.IMMEDIATE).block(WAIT);
        write(session, "INSERT INTO t(name) VALUES ('b')");
        assertThatThrownBy(() -> write(session, "INSERT INTO t(name) VALUES (?1)", "x".repeat(200_000)))
                .isInstanceOf(R2dbcNonTransientResourceException.class);
        session.rollback().block(WAIT);
        write(session, "INSERT INTO t(name) VALUES ('c')");
        assertThat(rows(session, "SELECT name FROM t ORDER BY id")).containsExactly(List.of("a"), List.of("c"));
    }

    @Test
    void beginningTwiceFails() {
        session.begin(TransactionMode.DEFERRED).block(WAIT);
        assertThatThrownBy(() -> session.begin(TransactionMode.DEFERRED).block(WAIT))
                .isInstanceOf(IllegalStateException.class);
        assertThat(session.inTransaction()).isTrue();
    }

    @Test
    void endingNoTransactionCompletes() {
        session.commit().block(WAIT);
        session.rollback().block(WAIT);
    }

    @Test
    void savepointsWorkInATransactionOnly() {
        assertThatThrownBy(() -> write(session, "SAVEPOINT s")).isInstanceOf(R2dbcBadGrammarException.class);
        session.begin(TransactionMode.IMMEDIATE).block(WAIT);
        write(session, "SAVEPOINT s");
        write(session, "INSERT INTO t(name) VALUES ('a')");
        write(session, "ROLLBACK TRANSACTION TO s");
        write(session, "RELEASE s");
        session.commit().block(WAIT);
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L);
    }

    @Test
    void transactionStatementsAreRefused() {
        for (String sql : List.of("BEGIN", "-- x\n commit", "END TRANSACTION", "ROLLBACK", "rollback transaction")) {
            assertThatThrownBy(() -> write(session, sql))
                    .isInstanceOf(R2dbcBadGrammarException.class)
                    .hasMessageContaining("transactions are begun and ended by the connection's own methods");
        }
        assertThat(session.inTransaction()).isFalse();
    }

    @Test
    void errorsNameCodeDatabaseAndStatementButNoValue() {
        write(session, "INSERT INTO t VALUES (1, 'secret')");
        assertThatThrownBy(() -> write(session, "INSERT INTO t(name) VALUES (?1)", "secret"))
                .isInstanceOfSatisfying(R2dbcDataIntegrityViolationException.class, e -> {
                    assertThat(e.getErrorCode()).isEqualTo(2067);
                    assertThat(e.getSql()).isEqualTo("INSERT INTO t(name) VALUES (?1)");
                })
                .hasMessage("SQLITE_CONSTRAINT_UNIQUE on "
                        + database.transport().describe() + ": UNIQUE constraint failed: t.name");
        assertThatThrownBy(() -> value(session, "SELECT * FROM missing"))
                .isInstanceOf(R2dbcBadGrammarException.class)
                .hasMessageContaining("no such table: missing");
    }

    @Test
    void aWrongNumberOfArgumentsFails() {
        assertThatThrownBy(() -> value(session, "SELECT ?1, ?2", 1L))
                .isInstanceOf(R2dbcException.class)
                .hasMessageContaining("2 parameters")
                .hasMessageContaining("1 arguments");
        assertThatThrownBy(() -> value(session, "SELECT ?1", 1L, 2L)).isInstanceOf(R2dbcException.class);
    }

    @Test
    void anEmptyStatementFails() {
        for (String sql : List.of("", ";", "-- nothing")) {
            assertThatThrownBy(() -> value(session, sql)).isInstanceOf(R2dbcException.class);
        }
        assertThat(value(session, "SELECT 1")).isEqualTo(1L);
    }

    @Test
    void signalsComeOnThreadsThatMustNotBlock() {
        assertThat(session.execute(read("SELECT 1"))
                        .map(answer -> Schedulers.isInNonBlockingThread())
                        .blockLast(WAIT))
                .isTrue();
        assertThat(session.validate(true)
                        .map(valid -> Thread.currentThread().getName())
                        .block(WAIT))
                .startsWith("pollux-answers-");
        assertThat(session.execute(read("SELECT sqlite_version()"))
                        .map(answer -> (String) answer.rows().get(0)[0])
                        .blockLast(WAIT))
                .isEqualTo(session.databaseVersion());
    }

    @Test
    void workAfterCloseFails() {
        session.begin(TransactionMode.IMMEDIATE).block(WAIT);
        write(session, "INSERT INTO t(name) VALUES ('a')");
        Session other = database.open();
        session.close().block(WAIT);
        session.close().block(WAIT);
        assertThatThrownBy(() -> value(session, "SELECT 1"))
                .isInstanceOf(R2dbcException.class)
                .hasMessageContaining("the session was closed")
                .extracting(e -> ((R2dbcException) e).getSqlState())
                .isEqualTo("08003");
        assertThatThrownBy(() -> session.begin(TransactionMode.IMMEDIATE).block(WAIT))
                .isInstanceOf(R2dbcException.class);
        assertThat(session.validate(false).block(WAIT)).isFalse();
        assertThat(session.validate(true).block(WAIT)).isFalse();
        assertThat(session.inTransaction()).isFalse();
        write(other, "INSERT INTO t(name) VALUES ('b')");
        assertThat(rows(other, "SELECT name FROM t")).containsExactly(List.of("b"));
    }

    @Test
    void anOpenSessionIsValid() {
        assertThat(session.validate(false).block(WAIT)).isTrue();
        assertThat(session.validate(true).block(WAIT)).isTrue();
    }

    @Test
    void nothingRunsBeforeSubscription() {
        var ignored = session.execute(write("INSERT INTO t(name) VALUES ('a')"));
        assertThat(ignored).isNotNull();
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L);
    }
}
