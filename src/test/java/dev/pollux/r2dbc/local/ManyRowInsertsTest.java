package dev.pollux.r2dbc.local;

import static dev.pollux.r2dbc.local.Database.WAIT;
import static dev.pollux.r2dbc.local.Database.rows;
import static dev.pollux.r2dbc.local.Database.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import dev.pollux.r2dbc.transport.Work;
import io.r2dbc.spi.R2dbcException;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sqlite.SQLiteConnection;

class ManyRowInsertsTest {

    private static final String INSERT = "INSERT INTO t VALUES (?1, ?2)";
    private static final int ROWS = 200;
    private static final Pattern BETWEEN_STATEMENTS = Pattern.compile(";(?! *END)");

    @TempDir
    Path folder;

    /** What a transaction of many inserts did. */
    private record Outcome(List<Long> changed, @Nullable String error, List<List<@Nullable Object>> rows) {}

    @Test
    void aPlainTableTakesAsManyRowsAsFit() throws SQLException {
        assertThat(ran("CREATE TABLE t(id INTEGER PRIMARY KEY, v)")).isEqualTo(192);
        assertThat(ran("CREATE TABLE \"T\"(id PRIMARY KEY, v TEXT UNIQUE NOT NULL) WITHOUT ROWID"))
                .isEqualTo(192);
    }

    @Test
    void largeValuesAreNotHeldManyAtATime() throws SQLException {
        List<Call> calls = numbered(ROWS);
        calls.set(100, Call.write(INSERT, 100L, "x".repeat(2_000)));
        assertThat(ran("CREATE TABLE t(id INTEGER PRIMARY KEY, v)", calls)).isEqualTo(64);
    }

    static List<String> notPlain() {
        return List.of(
                "CREATE TABLE t(id, v); CREATE TRIGGER g AFTER INSERT ON T BEGIN SELECT 1; END",
                "CREATE TABLE t(id, v); CREATE TEMP TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",
                "CREATE TABLE t(id UNIQUE ON CONFLICT IGNORE, v)",
                "CREATE TABLE t(id UNIQUE, v REFERENCES t(id))",
                "CREATE TABLE t(id, v DEFAULT (changes()))",
                "CREATE TABLE t(id, v); CREATE TEMP TABLE t(id, v UNIQUE ON CONFLICT IGNORE)",
                "CREATE TABLE u(id, v); CREATE VIEW t AS SELECT * FROM u;"
                        + "CREATE TRIGGER g INSTEAD OF INSERT ON t BEGIN SELECT 1; END",
                "CREATE VIRTUAL TABLE t USING fts5(id, v)");
    }

    @ParameterizedTest
    @MethodSource("notPlain")
    void anotherTakesThemOneByOne(String schema) throws SQLException {
        assertThat(ran(schema)).isZero();
    }

    private static int ran(String schema) throws SQLException {
        return ran(schema, numbered(ROWS));
    }

    private static int ran(String schema, List<Call> calls) throws SQLException {
        try (SQLiteConnection connection = (SQLiteConnection) DriverManager.getConnection("jdbc:sqlite::memory:")) {
            for (String statement : statements(schema)) {
                connection.getDatabase().exec(statement, true);
            }
            connection.getDatabase().exec("BEGIN", true);
            ManyRowInserts inserts =
                    new ManyRowInserts(connection, new StatementCache(connection, 10), new SchemaMark(connection));
            return inserts.run(new Prepared(connection, INSERT), calls);
        }
    }

    static List<Arguments> cases() {
        List<Call> twice = numbered(ROWS);
        twice.set(150, twice.get(20));
        List<Call> wrongType = numbered(ROWS);
        wrongType.set(70, Call.write(INSERT, "not a number", "v"));
        List<Call> values = numbered(ROWS);
        values.set(1, Call.write(INSERT, 1L, null));
        values.set(2, Call.write(INSERT, 2L, 1.5));
        values.set(3, Call.write(INSERT, 3L, new byte[] {1, 0}));
        values.set(4, Call.write(INSERT, 4L, "12"));
        values.set(5, Call.write(INSERT, 5L, ""));
        values.set(65, Call.write(INSERT, null, "a row id of SQLite's"));
        List<Call> rowIds = new ArrayList<>(Collections.nCopies(ROWS, Call.write(INSERT, null, "v")));
        rowIds.set(150, Call.write(INSERT, 20L, "v"));
        List<Call> large = numbered(ROWS);
        large.set(100, Call.write(INSERT, 100L, "x".repeat(2_000)));
        List<Call> backwards = numbered(ROWS);
        Collections.reverse(backwards);
        List<Call> childFirst = new ArrayList<>();
        for (long i = 0; i < ROWS; i++) {
            childFirst.add(Call.write(INSERT, i, Math.min(i + 1, ROWS - 1)));
        }
        String plain = "CREATE TABLE t(id INTEGER PRIMARY KEY, v NUMERIC)";
        return List.of(
                Arguments.of(plain, numbered(ROWS)),
                Arguments.of(plain, values),
                Arguments.of(plain, backwards),
                Arguments.of(plain, twice),
                Arguments.of(plain, wrongType),
                Arguments.of(plain, large),
                Arguments.of("CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v)", rowIds),
                Arguments.of("CREATE TABLE t(id INTEGER PRIMARY KEY, v DEFAULT 1 CHECK (id <> 130))", numbered(ROWS)),
                Arguments.of("CREATE TABLE t(id UNIQUE ON CONFLICT IGNORE, v)", twice),
                Arguments.of("CREATE TABLE t(id UNIQUE ON CONFLICT REPLACE, v)", twice),
                Arguments.of("CREATE TABLE t(id INTEGER PRIMARY KEY, v REFERENCES t(id))", childFirst),
                Arguments.of(
                        "CREATE TABLE t(id, v); CREATE TRIGGER g BEFORE INSERT ON t WHEN NEW.id % 3 = 0"
                                + " BEGIN SELECT RAISE(IGNORE); END",
                        numbered(ROWS)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void manyRowsAtATimeDoWhatOneByOneDoes(String schema, List<Call> calls) {
        // A deferred transaction runs them one by one.
        Outcome manyAtATime = outcome("many", schema, calls, TransactionMode.IMMEDIATE);
        Outcome oneByOne = outcome("one", schema, calls, TransactionMode.DEFERRED);
        assertThat(manyAtATime).isEqualTo(oneByOne);
        assertThat(manyAtATime.changed()).hasSize(manyAtATime.error() == null ? ROWS : 0);
    }

    private Outcome outcome(String name, String schema, List<Call> calls, TransactionMode mode) {
        try (Database database =
                new Database(LocalOptions.file(folder.resolve(name + ".db")).build())) {
            Session session = database.open();
            statements(schema).forEach(statement -> write(session, statement));
            session.begin(mode).block(WAIT);
            List<Long> changed = List.of();
            String error = null;
            try {
                changed = Database.run(session, new Work(calls, 0)).stream()
                        .map(Answer::rowsAffected)
                        .toList();
            } catch (R2dbcException e) {
                error = e.getSqlState()
                        + e.getErrorCode()
                        + String.valueOf(e.getMessage()).replace(name + ".db", "");
            }
            session.commit().block(WAIT);
            return new Outcome(changed, error, rows(session, "SELECT id, quote(v), typeof(v) FROM t ORDER BY rowid"));
        }
    }

    @Test
    void aTriggerThatIsCreatedLaterIsSeen() {
        try (Database database = Database.file(folder)) {
            Session session = database.open();
            Session other = database.open();
            write(session, "CREATE TABLE t(id, v)");
            assertThat(Database.run(session, new Work(numbered(ROWS), 0))).hasSize(ROWS);
            write(other, "CREATE TRIGGER g BEFORE INSERT ON t BEGIN SELECT RAISE(IGNORE); END");
            assertThat(Database.run(session, new Work(numbered(ROWS), 0)))
                    .hasSize(ROWS)
                    .allSatisfy(answer -> assertThat(answer.rowsAffected()).isZero());
        }
    }

    @Test
    void aTransactionThatHoldsNoLockYetDoesNotReadBeforeItWrites() throws SQLException {
        try (Database database = Database.file(folder);
                Jdbc stranger = new Jdbc(folder.resolve("test.db"))) {
            Session session = database.open();
            write(session, "CREATE TABLE t(id, v)");
            session.begin(TransactionMode.DEFERRED).block(WAIT);
            stranger.run("BEGIN IMMEDIATE");
            stranger.run("INSERT INTO t VALUES (-1, 'before')");
            CompletableFuture<List<Answer>> waiting =
                    session.execute(new Work(numbered(ROWS), 0)).collectList().toFuture();
            while (!waiting.isDone() && !aThreadWaitsForALock()) {
                Thread.onSpinWait();
            }
            stranger.run("COMMIT");
            assertThat(waiting).succeedsWithin(WAIT);
            session.commit().block(WAIT);
        }
    }

    private static boolean aThreadWaitsForALock() {
        return Thread.getAllStackTraces().values().stream()
                .flatMap(Arrays::stream)
                .anyMatch(frame -> frame.getClassName().equals(BusyWait.class.getName()));
    }

    @Test
    void aUnitThatFailsInItsMiddleLeavesNothing() {
        try (Database database = Database.file(folder)) {
            Session session = database.open();
            write(session, "CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
            List<Call> calls = numbered(ROWS);
            calls.set(150, calls.get(20));
            assertThatThrownBy(() -> Database.run(session, new Work(calls, 0)))
                    .isInstanceOf(R2dbcException.class)
                    .hasMessageContaining("UNIQUE constraint failed: t.id");
            assertThat(rows(session, "SELECT * FROM t")).isEmpty();
        }
    }

    private static List<String> statements(String schema) {
        return BETWEEN_STATEMENTS.splitAsStream(schema).toList();
    }

    private static List<Call> numbered(int count) {
        List<Call> calls = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            calls.add(Call.write(INSERT, i, "v" + i));
        }
        return calls;
    }
}
