package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

/** What SQLite has and other databases do not, as people use it. */
interface SqliteContract extends Driven {

    @Test
    default void pragmasThatAskAreAnswered() {
        run("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");

        assertThat(query(String.class, "SELECT name FROM pragma_table_info('t')"))
                .containsExactly("id", "name");
        assertThat(Driven.all(Flux.from(connection()
                                .createStatement("PRAGMA table_info(t)")
                                .execute())
                        .concatMap(result -> result.map(row -> row.get("name", String.class)))))
                .containsExactly("id", "name");
        assertThat(query(Long.class, "PRAGMA foreign_keys")).containsExactly(1L);
        assertThat(query(String.class, "PRAGMA integrity_check")).containsExactly("ok");
    }

    @Test
    default void aTextMayHoldCommentsAndTriggers() {
        run("""
                -- the tables; with a semicolon
                CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); /* and ; another */
                CREATE TABLE u (id INTEGER, 'what ; "is"' TEXT);
                CREATE TRIGGER gone AFTER DELETE ON t WHEN old.a <> 'END;' BEGIN
                    INSERT INTO u VALUES (old.id, CASE old.a WHEN 'x' THEN 'ex' ELSE 'why' END); -- END;
                    UPDATE u SET id = id + 10;
                END;
                INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, 'END;');
                """);

        assertThat(run("DELETE FROM t; -- all of it")).isEqualTo(3);

        assertThat(query(String.class, "SELECT \"what ; \"\"is\"\"\" FROM u ORDER BY 1"))
                .containsExactly("ex", "why");
    }

    @Test
    default void explainingRunsNothing() {
        run("CREATE TABLE t (id INTEGER PRIMARY KEY)");

        assertThat(Driven.all(Flux.from(connection()
                                .createStatement("EXPLAIN QUERY PLAN SELECT * FROM t WHERE id = ?")
                                .bind(0, 1)
                                .execute())
                        .concatMap(result -> result.map(row -> row.get("detail", String.class)))))
                .singleElement()
                .asString()
                .contains("INTEGER PRIMARY KEY");
        assertThat(Driven.all(Flux.from(connection()
                                .createStatement("EXPLAIN INSERT INTO t VALUES (1)")
                                .execute())
                        .concatMap(result -> result.map(row -> row.get("opcode", String.class)))))
                .contains("Insert");
        assertThat(query(Long.class, "SELECT count(*) FROM t")).containsExactly(0L);
    }

    @Test
    default void replacingAndUpsertingCountAndReturnWhatTheyLeave() {
        run("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE, n INTEGER DEFAULT 1)");
        run("INSERT INTO t (name) VALUES ('a')");

        assertThat(run("INSERT OR REPLACE INTO t (name, n) VALUES ('a', 5)")).isEqualTo(1);
        assertThat(run("INSERT OR IGNORE INTO t (name, n) VALUES ('a', 6)")).isZero();
        assertThat(query(
                        Long.class,
                        "INSERT INTO t (name) VALUES (?), (?) ON CONFLICT (name) DO UPDATE SET n = n + excluded.n"
                                + " RETURNING n",
                        "a",
                        "b"))
                .containsExactly(6L, 1L);
        assertThat(query(Long.class, "REPLACE INTO t VALUES (9, 'b', 7) RETURNING id"))
                .containsExactly(9L);
        assertThat(query(String.class, "SELECT name || n FROM t ORDER BY name")).containsExactly("a6", "b7");
    }

    @Test
    default void generatedColumnsAreReadAndReturned() {
        run("CREATE TABLE t (n INTEGER, double INTEGER AS (n * 2) STORED, triple INTEGER AS (n * 3))");

        Flux<List<Object>> returned = Flux.from(connection()
                        .createStatement("INSERT INTO t (n) VALUES (7)")
                        .returnGeneratedValues("double", "triple")
                        .execute())
                .concatMap(result ->
                        result.map(row -> List.<Object>of(row.get(0, Long.class), row.get(1, Long.class))));

        assertThat(Driven.all(returned)).containsExactly(List.of(14L, 21L));
        assertThatThrownBy(() -> run("INSERT INTO t (n, double) VALUES (1, 2)"))
                .isInstanceOf(R2dbcException.class)
                .hasMessageContaining("generated column");
    }

    @Test
    default void aTableWithoutRowidsWorks() {
        run("CREATE TABLE t (a TEXT, b TEXT, n INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID");

        assertThat(run("INSERT INTO t VALUES ('x', 'y', 1), ('x', 'z', 2)")).isEqualTo(2);
        assertThatThrownBy(() -> run("INSERT INTO t VALUES ('x', 'y', 3)"))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class)
                .hasMessageContaining("t.a, t.b");
        assertThat(Driven.all(Flux.from(connection()
                                .createStatement("UPDATE t SET n = n * 10 WHERE b = ?")
                                .bind(0, "z")
                                .returnGeneratedValues()
                                .execute())
                        .concatMap(result -> result.map(row -> row.get("n", Integer.class)))))
                .containsExactly(20);
    }

    @Test
    default void aStrictTableRefusesValuesOfAnotherType() {
        run("CREATE TABLE t (i INTEGER, r REAL, s TEXT, b BLOB, whatever ANY) STRICT");
        run("INSERT INTO t VALUES (?, ?, ?, ?, ?)", 1, 2.5, "s", new byte[] {1}, "any");

        assertThat(query(
                        String.class,
                        "SELECT typeof(i) || typeof(r) || typeof(s) || typeof(b) || typeof(whatever) FROM t"))
                .containsExactly("integerrealtextblobtext");
        assertThatThrownBy(() -> run("INSERT INTO t (i) VALUES (?)", "geheim"))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class)
                .hasMessageContaining("t.i")
                .hasMessageNotContaining("geheim");
    }

    @Test
    default void jsonIsTakenApartAndPutTogether() {
        String json = "{\"name\":\"a\",\"tags\":[\"x\",\"y\"],\"n\":1}";

        assertThat(query(String.class, "SELECT ?1 ->> '$.name' || json_extract(?1, '$.tags[1]')", json))
                .containsExactly("ay");
        assertThat(query(String.class, "SELECT value FROM json_each(?, '$.tags') ORDER BY value DESC", json))
                .containsExactly("y", "x");
        assertThat(query(String.class, "SELECT json_set(?, '$.n', json('[1,2]')) -> '$.n'", json))
                .containsExactly("[1,2]");
        assertThat(query(String.class, "SELECT json_group_array(column1) FROM (VALUES (1), (2))"))
                .containsExactly("[1,2]");
    }

    @Test
    default void aWriteMayBeginWithACommonTableExpression() {
        run("CREATE TABLE t (n INTEGER)");
        String numbers = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c LIMIT 5) ";

        assertThat(run(numbers + "INSERT INTO t SELECT i FROM c")).isEqualTo(5);
        assertThat(query(
                        Long.class,
                        numbers + "UPDATE t SET n = -n WHERE n IN (SELECT i FROM c WHERE i > 3) RETURNING n"))
                .containsExactlyInAnyOrder(-4L, -5L);
        assertThat(run(numbers + "DELETE FROM t WHERE -n IN (SELECT i FROM c)")).isEqualTo(2);
        assertThat(query(Long.class, numbers + "SELECT sum(i) FROM c JOIN t ON n = i"))
                .containsExactly(6L);
    }

    @Test
    default void aPragmaThatSetsTheDatabasesOwnVersionIsSeenByAll() {
        assertThat(run("PRAGMA user_version = 7")).isZero();

        Connection other = another();
        assertThat(query(other, Long.class, "PRAGMA user_version")).containsExactly(7L);
        Driven.all(other.close());
    }

    @ParameterizedTest
    @ValueSource(strings = {"VACUUM; SELECT 1", "INSERT INTO t VALUES (1); VACUUM"})
    default void vacuumingIsRefusedWithinAUnitOfWork(String sql) {
        run("CREATE TABLE t (n INTEGER)");

        assertThatThrownBy(() -> run(sql)).isInstanceOf(R2dbcException.class).hasMessageContaining("VACUUM");

        assertThat(query(Long.class, "SELECT count(*) FROM t")).containsExactly(0L);
    }
}
