package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.transport.Call;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SqlScannerTest {

    private static List<String> split(String text) {
        return SqlScanner.parse(text).statements().stream()
                .map(ParsedStatement::sql)
                .toList();
    }

    private static ParsedStatement only(String text) {
        List<ParsedStatement> statements = SqlScanner.parse(text).statements();
        assertThat(statements).hasSize(1);
        return statements.get(0);
    }

    @Test
    void questionMarksAreCountedAcrossTheWholeText() {
        ParsedSql sql = SqlScanner.parse("INSERT INTO a VALUES (?, ?); UPDATE b SET x = ? WHERE y = ?");

        assertThat(sql.parameterCount()).isEqualTo(4);
        assertThat(split("INSERT INTO a VALUES (?, ?); UPDATE b SET x = ? WHERE y = ?"))
                .containsExactly("INSERT INTO a VALUES (?1, ?2)", "UPDATE b SET x = ?1 WHERE y = ?2");
        assertThat(sql.statements().get(1).slots()).containsExactly(2, 3);
    }

    @Test
    void numberedParametersKeepTheirNumberForTheCallerAndAreRenumberedForTheDatabase() {
        ParsedSql sql = SqlScanner.parse("SELECT ?3, ?1; SELECT ?2, ?3, ?2");

        assertThat(sql.parameterCount()).isEqualTo(3);
        assertThat(split("SELECT ?3, ?1; SELECT ?2, ?3, ?2")).containsExactly("SELECT ?1, ?2", "SELECT ?1, ?2, ?1");
        assertThat(sql.statements().get(0).slots()).containsExactly(2, 0);
        assertThat(sql.statements().get(1).slots()).containsExactly(1, 2);
    }

    @Test
    void aBareQuestionMarkComesAfterTheHighestNumberSoFarAsInSqlite() {
        ParsedSql sql = SqlScanner.parse("SELECT ?5, ?, :a, ?2");

        assertThat(sql.statements().get(0).slots()).containsExactly(4, 5, 6, 1);
        assertThat(sql.used().cardinality()).isEqualTo(4);
    }

    @Test
    void aNameIsOneParameterWhereverItOccurs() {
        ParsedSql sql = SqlScanner.parse("SELECT :a, @b, $c; SELECT :a");

        assertThat(sql.parameterCount()).isEqualTo(3);
        assertThat(sql.names())
                .containsEntry(":a", 0)
                .containsEntry("a", 0)
                .containsEntry("@b", 1)
                .containsEntry("$c", 2)
                .containsEntry("c", 2);
        assertThat(sql.statements().get(1).slots()).containsExactly(0);
    }

    @Test
    void dollarNumbersArePositions() {
        ParsedSql sql = SqlScanner.parse("SELECT $2, $1, $2");

        assertThat(sql.parameterCount()).isEqualTo(2);
        assertThat(sql.statements().get(0).slots()).containsExactly(1, 0);
        assertThat(sql.names()).containsEntry("$1", 0).containsEntry("$2", 1);
    }

    @Test
    void oneNameWithTwoPrefixesIsTwoParametersAndTheBareNameIsNeither() {
        ParsedSql sql = SqlScanner.parse("SELECT :a, @a, $a, :a");

        assertThat(sql.parameterCount()).isEqualTo(3);
        assertThat(sql.names()).containsOnlyKeys(":a", "@a", "$a");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT '?; :a', \"?;\", `?;`, [?;] FROM t",
                "SELECT 'it''s; ?' -- ? ; :x",
                "SELECT 1 /* ? ; \n :x */ + 2",
                "SELECT x'00', 1e5, 0x1F, a$b, json->>'$.x' FROM t",
                "SELECT 'open ; ? ",
                "SELECT 1 /* open ; ?",
            })
    void whatIsQuotedOrCommentedIsNoParameterAndNoEnd(String text) {
        ParsedSql sql = SqlScanner.parse(text);

        assertThat(sql.parameterCount()).isZero();
        assertThat(sql.statements()).hasSize(1);
    }

    @Test
    void commentsAroundAStatementAreLeftOutAndThoseInsideStay() {
        assertThat(split("-- a\n/* b */ SELECT /* c */ 1 -- d\n ; -- e\n SELECT 2; ;; "))
                .containsExactly("SELECT /* c */ 1", "SELECT 2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET x = 1; DELETE FROM c; END",
                "create temp trigger if not exists t after insert on a begin select case when 1 then 2 end; end",
                "CREATE TEMPORARY TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; /* c */ END",
                "EXPLAIN CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 'END;'; END",
            })
    void aTriggersBodyIsNotSplit(String trigger) {
        assertThat(split(trigger + "; SELECT 1")).containsExactly(trigger, "SELECT 1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SELECT 1 | READ",
                "VALUES (1) | READ",
                "WITH a AS (INSERT), b(x) AS (DELETE FROM t) SELECT * FROM a | READ",
                "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a | WRITE",
                "WITH RECURSIVE a AS MATERIALIZED (SELECT 1) UPDATE t SET x = (SELECT 1) | WRITE",
                "EXPLAIN QUERY PLAN DELETE FROM t | READ",
                "EXPLAIN UPDATE t SET a = 1 | READ",
                "PRAGMA user_version | READ",
                "PRAGMA main.user_version | READ",
                "PRAGMA user_version = 4 | WRITE",
                "PRAGMA user_version(4) | WRITE",
                "PRAGMA journal_mode(WAL) | WRITE",
                "PRAGMA table_info(t) | READ",
                "PRAGMA main.index_list('t') | READ",
                "PRAGMA main.\"user_version\" | WRITE",
                "PRAGMA main.[optimize] | WRITE",
                "PRAGMA \"main\".user_version | READ",
                "PRAGMA optimize | WRITE",
                "\uFEFFSELECT 1 | READ",
                "PRAGMA wal_checkpoint(TRUNCATE) | WRITE",
                "INSERT INTO t SELECT 1 | WRITE",
                "replace into t values (1) | WRITE",
                "CREATE TABLE t (a) | WRITE",
                "VACUUM | WRITE",
                "nonsense | WRITE",
            })
    void aStatementThatMayWriteIsKnown(String text, Call.Kind kind) {
        assertThat(only(text).kind()).isEqualTo(kind);
    }

    @Test
    void returningIsAddedOnlyToWhatChangesRowsAndHasNone() {
        ParsedSql sql = SqlScanner.parse("INSERT INTO t VALUES (1); DELETE FROM t RETURNING a; SELECT 1;"
                + " INSERT INTO t SELECT 'RETURNING'; EXPLAIN INSERT INTO t VALUES (1)");

        assertThat(sql.statements())
                .extracting(statement ->
                        statement.call(new Object[0], " RETURNING *").sql())
                .containsExactly(
                        "INSERT INTO t VALUES (1) RETURNING *",
                        "DELETE FROM t RETURNING a",
                        "SELECT 1",
                        "INSERT INTO t SELECT 'RETURNING' RETURNING *",
                        "EXPLAIN INSERT INTO t VALUES (1)");
    }

    @ParameterizedTest
    @CsvSource({
        "BEGIN IMMEDIATE, beginTransaction()",
        "commit, commitTransaction()",
        "END TRANSACTION, commitTransaction()",
        "ROLLBACK, rollbackTransaction()",
        "SAVEPOINT a, createSavepoint(name)",
        "RELEASE a, releaseSavepoint(name)",
        "\uFEFFBEGIN, beginTransaction()",
        "SELECT 1; COMMIT, commitTransaction()",
    })
    void transactionControlIsRefusedAndTheMethodToUseIsNamed(String text, String method) {
        assertThatThrownBy(() -> SqlScanner.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Connection." + method);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  \n", ";;", "\uFEFF", "-- nothing", "/* nothing"})
    void aTextWithoutAStatementIsRefused(String text) {
        assertThatThrownBy(() -> SqlScanner.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no statement");
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT ?0", "SELECT ?1000001", "SELECT ?99999999999999", "SELECT $0"})
    void aParametersNumberHasToBeInRange(String text) {
        assertThatThrownBy(() -> SqlScanner.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("between 1 and 1000000");
    }

    @Test
    void tenThousandParametersInReverseAreStillOneStatement() {
        StringBuilder text = new StringBuilder("VALUES (0)");
        for (int i = 10_000; i > 0; i--) {
            text.append(", (?").append(i).append(')');
        }

        ParsedStatement statement = only(text.toString());

        assertThat(statement.slots()).hasSize(10_000).startsWith(9_999, 9_998);
        assertThat(statement.sql()).startsWith("VALUES (0), (?1), (?2)").endsWith("(?10000)");
    }

    @Test
    void theCacheKeepsTheTextsUsedLastAndNoHugeOnes() {
        SqlCache cache = new SqlCache("SELECT 1".length() * 2L);
        ParsedSql first = cache.get("SELECT 1");
        cache.get("SELECT 2");

        assertThat(cache.get("SELECT 1")).isSameAs(first);
        cache.get("SELECT 3");
        assertThat(cache.get("SELECT 1")).isSameAs(first);
        cache.get("SELECT '" + "x".repeat(SqlCache.LONGEST_TEXT) + "'");
        assertThat(cache.size()).isEqualTo(2);
        cache.get("SELECT 'longer than all that may be kept'");
        assertThat(cache.size()).isEqualTo(1);
    }
}
