package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Errors are the SPI's, and the connection outlives them. */
interface ErrorContract extends Configured {

    @ParameterizedTest
    @CsvSource(quoteCharacter = '|', textBlock = """
            |INSERT INTO t VALUES (1, 'x')|         , 23505
            |INSERT INTO t VALUES (2, 'x')|         , 23505
            |INSERT INTO t VALUES (2, NULL)|        , 23502
            |INSERT INTO t VALUES (-2, 'y')|        , 23514
            |INSERT INTO u VALUES (99)|             , 23503
            |INSERT INTO u VALUES ('no number')|    , 23000
            """)
    default void aViolatedConstraintIsADataIntegrityViolationThatSaysWhich(String sql, String state) {
        run("CREATE TABLE t (id INTEGER PRIMARY KEY CHECK (id > 0), a TEXT NOT NULL UNIQUE);"
                + " CREATE TABLE u (id INTEGER REFERENCES t) STRICT; INSERT INTO t VALUES (1, 'x')");

        assertThatThrownBy(() -> run(sql))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class)
                .satisfies(e -> assertThat(((R2dbcException) e).getSqlState()).isEqualTo(state));

        assertThat(query(Long.class, "SELECT count(*) FROM t")).containsExactly(1L);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELEC 1",
                "SELECT FROM",
                "SELECT * FROM nosuch",
                "SELECT nosuch FROM sqlite_schema",
                "SELECT nosuch()",
                "SELECT 'open",
                "CREATE TABLE sqlite_x (a)",
            })
    default void whatTheDatabaseCannotReadIsBadGrammar(String sql) {
        assertThatThrownBy(() -> run(sql))
                .isInstanceOf(R2dbcBadGrammarException.class)
                .satisfies(e -> assertThat(((R2dbcException) e).getSqlState()).isEqualTo("42000"));
        assertThat(query(Long.class, "SELECT 1")).containsExactly(1L);
    }

    @Test
    default void messagesHoldNoValues() {
        run("CREATE TABLE t (a TEXT UNIQUE); INSERT INTO t VALUES ('geheim')");

        assertThatThrownBy(() -> run("INSERT INTO t VALUES (?)", "geheim"))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class)
                .satisfies(e -> assertThat(e.toString()).contains("t.a").doesNotContain("geheim"));
    }

    @Test
    default void aClosedConnectionSaysSo() {
        Connection closed = another();
        Driven.all(closed.close());

        assertThatThrownBy(() -> run(closed, "SELECT 1")).isInstanceOf(R2dbcNonTransientResourceException.class);
        assertThatThrownBy(() -> Driven.all(closed.beginTransaction()))
                .isInstanceOf(R2dbcNonTransientResourceException.class);
    }

    /** Runs for many seconds if nobody stops it. */
    String LONG_QUERY = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50000000)"
            + " SELECT count(*) FROM n";

    @Test
    default void aStatementThatRunsTooLongIsStopped() {
        Driven.all(connection().setStatementTimeout(Duration.ofMillis(100)));

        assertThatThrownBy(() -> query(Long.class, LONG_QUERY)).isInstanceOf(R2dbcTimeoutException.class);

        Driven.all(connection().setStatementTimeout(Duration.ZERO)); // none
        assertThat(query(Long.class, "SELECT 1")).containsExactly(1L);
    }

    @Test
    default void aFactorysStatementTimeoutHoldsOnItsConnections() {
        LibsqlConnectionFactory hasty = factoryWith("statementTimeout=PT0.1S");
        Connection other = Driven.all(hasty.create()).get(0);

        assertThatThrownBy(() -> query(other, Long.class, LONG_QUERY)).isInstanceOf(R2dbcTimeoutException.class);

        Driven.all(other.close());
        Driven.all(hasty.close());
    }

    @Test
    default void anOpenConnectionIsValid() {
        assertThat(Driven.all(connection().validate(ValidationDepth.LOCAL))).containsExactly(true);
        assertThat(Driven.all(connection().validate(ValidationDepth.REMOTE))).containsExactly(true);
    }

    /** The name of the product that the metadata should give. */
    String product();

    @Test
    default void theProductAndItsVersionAreNamed() {
        assertThat(connection().getMetadata().getDatabaseProductName()).isEqualTo(product());
        assertThat(connection().getMetadata().getDatabaseVersion())
                .isEqualTo(query(String.class, "SELECT sqlite_version()").get(0));
        assertThat(factory().getMetadata().getName()).isEqualTo("libSQL");
    }
}
