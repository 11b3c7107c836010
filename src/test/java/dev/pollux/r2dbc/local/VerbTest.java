package dev.pollux.r2dbc.local;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VerbTest {

    @ParameterizedTest
    @CsvSource({
        "insert into t values (1), CHANGE",
        "UPDATE t SET a = 'INSERT', CHANGE",
        "REPLACE INTO t VALUES (1), CHANGE",
        "DELETE FROM t, CHANGE",
        "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a, OTHER",
        "ATTACH 'a.db' AS a, ATTACH",
        "'/* insert */ -- insert', NONE",
        "/* a */ /* b */ BEGIN IMMEDIATE, TRANSACTION",
        "commit;, TRANSACTION",
        "\uFEFFCOMMIT, TRANSACTION",
        "END, TRANSACTION",
        "ROLLBACK, TRANSACTION",
        "ROLLBACK;, TRANSACTION",
        "ROLLBACK TRANSACTION, TRANSACTION",
        "ROLLBACK TO s, SAVEPOINT",
        "rollback transaction to savepoint s, SAVEPOINT",
        "SAVEPOINT s, SAVEPOINT",
        "RELEASE s, SAVEPOINT",
        "PRAGMA busy_timeout = 100, BUSY_TIMEOUT",
        "pragma main . \"BUSY_TIMEOUT\" (100), BUSY_TIMEOUT",
        "PRAGMA busy_timeout, OTHER",
        "PRAGMA table_info(busy_timeout), OTHER",
        "BEGINNING, OTHER",
        "(, OTHER",
        "'', NONE",
        "' ; ', NONE",
        "/* open, NONE"
    })
    void theFirstWordTells(String sql, Verb verb) {
        assertThat(Verb.of(sql)).isEqualTo(verb);
    }
}
