package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.testing.Sqld;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.test.StepVerifier;

/** The contract on a real libSQL server. */
class SqldDriverIT extends DriverContract {

    @BeforeAll
    static void emptyTheServer() {
        Sqld.shared().reset();
    }

    @Override
    String url() {
        return "r2dbc:libsql:" + Sqld.shared().url();
    }

    @Override
    public String sizeLimit() {
        return "5 MB";
    }

    @Override
    public String product() {
        return "libSQL";
    }

    @Test
    void howLongAServerWaitsForALockIsNotOursToSet() {
        StepVerifier.create(connection().setLockWaitTimeout(Duration.ofSeconds(1)))
                .verifyError(UnsupportedOperationException.class);
        assertThat(connection().isAutoCommit()).isTrue();
        assertThat(query(Long.class, "SELECT 1")).containsExactly(1L);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "VACUUM",
                "ANALYZE",
                "PRAGMA optimize",
                "PRAGMA journal_mode = DELETE",
                "ATTACH ':memory:' AS side",
                "CREATE TEMP TABLE own (n INTEGER)",
            })
    void whatAServerKeepsToItselfIsRefusedByName(String sql) {
        assertThatThrownBy(() -> run(sql))
                .isInstanceOf(R2dbcBadGrammarException.class)
                .hasMessageContaining("unsupported statement: " + sql);
        assertThat(query(Long.class, "SELECT 1")).containsExactly(1L);
    }

    @Test
    void aCommitThatFailsIsTheEndOfTheTransaction() {
        run("CREATE TABLE t (n INTEGER PRIMARY KEY);"
                + " CREATE TABLE u (n INTEGER REFERENCES t DEFERRABLE INITIALLY DEFERRED)");
        Driven.all(connection().beginTransaction());
        run("INSERT INTO u VALUES (1)");

        assertThatThrownBy(() -> Driven.all(connection().commitTransaction()))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class);

        assertThat(connection().isAutoCommit()).isTrue();
        Connection other = another();
        run(other, "INSERT INTO t VALUES (2)"); // the server has let go of the lock
        assertThat(query(other, Long.class, "SELECT count(*) FROM u")).containsExactly(0L);
        Driven.all(other.close());
    }
}
