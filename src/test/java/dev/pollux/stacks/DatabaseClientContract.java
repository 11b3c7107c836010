package dev.pollux.stacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.r2dbc.BadSqlGrammarException;
import org.springframework.r2dbc.core.DatabaseClient;

/** Spring's {@link DatabaseClient}, which finds out by itself how parameters are written. */
interface DatabaseClientContract extends Stacked {

    private DatabaseClient client() {
        return DatabaseClient.create(factory());
    }

    private void execute(String sql) {
        client().sql(sql).then().block(PATIENCE);
    }

    /** A row as Spring maps it. */
    record Order(long id, String item, Instant placed, UUID code, boolean paid) {}

    @Test
    default void namedParametersAreBoundAndRowsMappedToRecords() {
        execute("CREATE TABLE Orders (id INTEGER PRIMARY KEY, item TEXT, placed TEXT, code TEXT, paid INTEGER)");
        Instant now = Instant.parse("2026-02-28T01:02:03.4Z");
        UUID code = UUID.fromString("0b8b7a3e-0c1d-4e1e-9a55-2a5a1f3f8c11");

        Number id = (Number)
                client().sql("INSERT INTO Orders (item, placed, code, paid) VALUES (:item, :placed, :code, :paid)")
                        .filter(statement -> statement.returnGeneratedValues("id"))
                        .bind("item", "a tea kettle")
                        .bind("placed", now)
                        .bind("code", code)
                        .bind("paid", true)
                        .map(row -> row.get("id", Long.class))
                        .one()
                        .block(PATIENCE);
        List<Order> found =
                Stacked.all(client().sql("SELECT * FROM Orders WHERE item = :item OR code = :code OR item = :item")
                        .bind("item", "a tea kettle")
                        .bind("code", code)
                        .mapProperties(Order.class)
                        .all());

        assertThat(id).isEqualTo(1L);
        assertThat(found).containsExactly(new Order(1, "a tea kettle", now, code, true));
    }

    @Test
    default void aListIsAParameterForEachOfItsValues() {
        execute("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1), (2), (3), (4)");

        assertThat(Stacked.all(client().sql("SELECT n FROM t WHERE n IN (:some) ORDER BY n")
                        .bind("some", List.of(2, 4, 5))
                        .mapValue(Integer.class)
                        .all()))
                .containsExactly(2, 4);
        assertThat(client().sql("DELETE FROM t WHERE n > ?1 AND n < ?2")
                        .bind(0, 1)
                        .bind(1, 4)
                        .fetch()
                        .rowsUpdated()
                        .block(PATIENCE))
                .isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT INTO t VALUES (1, 'b', NULL)",
                "INSERT INTO t VALUES (2, 'a', NULL)",
                "UPDATE t SET id = 1, a = 'a' WHERE id = 3",
            })
    default void aKeyThatIsThereAlreadyIsADuplicateKey(String sql) {
        execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL UNIQUE, parent INTEGER REFERENCES t);"
                + " INSERT INTO t VALUES (1, 'a', NULL), (3, 'c', NULL)");

        assertThatThrownBy(() -> execute(sql)).isInstanceOf(DuplicateKeyException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT INTO t VALUES (2, NULL, NULL)",
                "INSERT INTO t VALUES (2, 'UNIQUE constraint failed', 99)",
                "INSERT INTO t VALUES (-2, 'b', NULL)",
            })
    default void anotherConstraintIsAViolationOfIntegrity(String sql) {
        execute(
                "CREATE TABLE t (id INTEGER PRIMARY KEY CHECK (id > 0), a TEXT NOT NULL UNIQUE, parent INTEGER REFERENCES t);"
                        + " INSERT INTO t VALUES (1, 'a', NULL)");

        assertThatThrownBy(() -> execute(sql)).isExactlyInstanceOf(DataIntegrityViolationException.class);
    }

    @Test
    default void badSqlIsBadGrammar() {
        assertThatThrownBy(() -> execute("SELECT * FROM nosuch")).isInstanceOf(BadSqlGrammarException.class);
    }

    @Test
    default void rowsComeAsMaps() {
        assertThat(client().sql("SELECT 1 AS a, 'x' AS b").fetch().one().block(PATIENCE))
                .isEqualTo(Map.of("a", 1L, "b", "x"));
    }
}
