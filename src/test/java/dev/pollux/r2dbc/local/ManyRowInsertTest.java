package dev.pollux.r2dbc.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ManyRowInsertTest {

    @Test
    void aRowIsRepeated() {
        ManyRowInsert many =
                Objects.requireNonNull(ManyRowInsert.of("insert into \"my sales\" (a, \"b c\") values (?1, ?2)"));
        assertThat(many.table()).isEqualTo("my sales");
        assertThat(many.rows()).isEqualTo(64);
        assertThat(many.sql())
                .startsWith("insert into \"my sales\" (a, \"b c\") values (?, ?), (?, ?)")
                .hasSize("insert into \"my sales\" (a, \"b c\") values ".length() + 64 * "(?, ?), ".length() - 2);
    }

    @Test
    void aWideRowIsRepeatedLessOften() {
        assertThat(Objects.requireNonNull(ManyRowInsert.of(insert(40))).rows()).isEqualTo(25);
        assertThat(ManyRowInsert.of(insert(64))).isNotNull();
        assertThat(ManyRowInsert.of(insert(65))).isNull();
    }

    private static String insert(int columns) {
        StringBuilder row = new StringBuilder("?1");
        for (int i = 2; i <= columns; i++) {
            row.append(",?").append(i);
        }
        return "INSERT INTO wide VALUES (" + row + ")";
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT OR IGNORE INTO t VALUES (?1)",
                "REPLACE INTO t VALUES (?1)",
                "INSERT INTO t VALUES (?1) RETURNING id",
                "INSERT INTO t VALUES (?1) ON CONFLICT DO NOTHING",
                "INSERT INTO t VALUES (?1 + 1)",
                "INSERT INTO t VALUES ((SELECT max(id) FROM t), ?1)",
                "INSERT INTO t VALUES (?2, ?1)",
                "INSERT INTO t VALUES (?1, ?1)",
                "INSERT INTO t VALUES (?1), (?2)",
                "INSERT INTO main.t VALUES (?1)",
                "INSERT INTO t AS other VALUES (?1)",
                "INSERT INTO t DEFAULT VALUES",
                "INSERT INTO t SELECT ?1",
                "INSERT INTO t VALUES (1)",
                "UPDATE t SET id = ?1",
            })
    void whatMayDependOnOtherRowsIsLeftAsItIs(String sql) {
        assertThat(ManyRowInsert.of(sql)).isNull();
    }

    @Test
    void aTableThatMayLeaveRowsOutOrReferToOthersTakesThemOneByOne() {
        assertThat(ManyRowInsert.addsEachRow("CREATE TABLE t(id INTEGER PRIMARY KEY, n TEXT UNIQUE CHECK (n <> ''))"))
                .isTrue();
        assertThat(ManyRowInsert.addsEachRow("create table t(id unique on conflict ignore)"))
                .isFalse();
        assertThat(ManyRowInsert.addsEachRow("create table t(id, parent references t(id))"))
                .isFalse();
        assertThat(ManyRowInsert.addsEachRow("create table t(id, n default (total_changes()))"))
                .isFalse();
        assertThat(ManyRowInsert.addsEachRow("CREATE VIRTUAL TABLE t USING fts5(text)"))
                .isFalse();
    }
}
