package dev.pollux.r2dbc.local;

import static dev.pollux.r2dbc.local.Database.WAIT;
import static dev.pollux.r2dbc.local.Database.read;
import static dev.pollux.r2dbc.local.Database.run;
import static dev.pollux.r2dbc.local.Database.unit;
import static dev.pollux.r2dbc.local.Database.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Column;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A prepared statement's columns are remembered, but never longer than the schema that they come from. */
class ColumnsTest {

    private static final String SELECT = "SELECT * FROM t";

    @TempDir
    Path folder;

    private Database database;
    private Session session;

    @BeforeEach
    void open() {
        database = Database.file(folder);
        session = database.open();
        write(session, "CREATE TABLE t(a INTEGER)");
        write(session, "INSERT INTO t VALUES (1)");
        assertThat(columns(SELECT)).containsExactly(new Column("a", "INTEGER"));
    }

    @AfterEach
    void close() {
        database.close();
    }

    private List<Column> columns(String sql) {
        return run(session, read(sql)).get(0).columns();
    }

    @Test
    void theyAreRememberedWhileNothingChanges() {
        List<Column> known = columns(SELECT);
        write(session, "UPDATE t SET a = 2");
        assertThat(columns(SELECT)).isSameAs(known);
    }

    @Test
    void theyFollowTheSessionsOwnChange() {
        write(session, "ALTER TABLE t RENAME COLUMN a TO b");
        assertThat(columns(SELECT)).containsExactly(new Column("b", "INTEGER"));
    }

    @Test
    void theyFollowAChangeByAnotherConnection() {
        write(database.open(), "ALTER TABLE t RENAME COLUMN a TO b");
        assertThat(columns(SELECT)).containsExactly(new Column("b", "INTEGER"));
    }

    @Test
    void theyFollowAChangeOfTheTypeAlone() {
        run(
                database.open(),
                unit(
                        Call.write("DROP TABLE t"),
                        Call.write("CREATE TABLE t(a TEXT)"),
                        Call.write("INSERT INTO t VALUES ('x')")));
        assertThat(columns(SELECT)).containsExactly(new Column("a", "TEXT"));
    }

    /** SQLite's schema_version is the same after both changes. */
    @Test
    void theyFollowAChangeThatIsRolledBackAndThenAnother() {
        session.begin(TransactionMode.IMMEDIATE).block(WAIT);
        write(session, "ALTER TABLE t RENAME COLUMN a TO b");
        assertThat(columns(SELECT)).containsExactly(new Column("b", "INTEGER"));
        session.rollback().block(WAIT);
        write(database.open(), "ALTER TABLE t RENAME COLUMN a TO c");
        assertThat(columns(SELECT)).containsExactly(new Column("c", "INTEGER"));
    }

    @Test
    void theyFollowAChangeThatASavepointUndid() {
        session.begin(TransactionMode.IMMEDIATE).block(WAIT);
        write(session, "SAVEPOINT s");
        write(session, "ALTER TABLE t RENAME COLUMN a TO b");
        assertThat(columns(SELECT)).containsExactly(new Column("b", "INTEGER"));
        write(session, "ROLLBACK TO s");
        assertThat(columns(SELECT)).containsExactly(new Column("a", "INTEGER"));
        write(session, "ALTER TABLE t RENAME COLUMN a TO c");
        assertThat(columns(SELECT)).containsExactly(new Column("c", "INTEGER"));
    }

    @Test
    void theyFollowAChangeInAnAttachedDatabase() {
        try (Database other =
                new Database(LocalOptions.file(folder.resolve("other.db")).build())) {
            Session there = other.open();
            write(there, "CREATE TABLE u(a INTEGER)");
            write(there, "INSERT INTO u VALUES (1)");
            write(session, "ATTACH '" + folder.resolve("other.db") + "' AS other");
            assertThat(columns("SELECT * FROM other.u")).containsExactly(new Column("a", "INTEGER"));
            write(there, "ALTER TABLE u RENAME COLUMN a TO b");
            assertThat(columns("SELECT * FROM other.u")).containsExactly(new Column("b", "INTEGER"));
        }
    }

    @Test
    void aResultWithoutRowsHasThemToo() {
        write(session, "DELETE FROM t");
        assertThat(columns(SELECT)).containsExactly(new Column("a", "INTEGER"));
        write(database.open(), "ALTER TABLE t RENAME COLUMN a TO b");
        assertThat(columns(SELECT)).containsExactly(new Column("b", "INTEGER"));
    }
}
