package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.transport.TransactionMode;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

/** What can be done with files and memory databases only: their upkeep, and transactions that a server would have ended. */
interface LocalContract extends Driven {

    @Test
    default void aVacuumGivesSpaceBack() {
        run("CREATE TABLE t (b BLOB); INSERT INTO t VALUES (zeroblob(1000000)); DELETE FROM t");
        assertThat(query(Long.class, "PRAGMA freelist_count").get(0)).isPositive();

        run("VACUUM");

        assertThat(query(Long.class, "PRAGMA freelist_count")).containsExactly(0L);
    }

    @Test
    default void aVacuumInATransactionIsRefusedAndTheTransactionGoesOn() {
        run("CREATE TABLE t (n INTEGER)");
        Driven.all(connection().setAutoCommit(false));
        run("INSERT INTO t VALUES (1)");

        assertThatThrownBy(() -> run("VACUUM"))
                .isInstanceOf(R2dbcException.class)
                .hasMessageContaining("cannot VACUUM from within a transaction");

        Driven.all(connection().setAutoCommit(true));
        run("VACUUM");
        assertThat(query(Long.class, "SELECT n FROM t")).containsExactly(1L);
    }

    @Test
    default void anAttachedDatabaseIsReadAndWrittenUntilItIsDetached() {
        run("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1), (2)");
        run("ATTACH ? AS side", "");
        run("CREATE TABLE side.u AS SELECT n FROM t; INSERT INTO side.u VALUES (3)");

        assertThat(query(Long.class, "SELECT sum(n) FROM side.u")).containsExactly(6L);
        run("DETACH side");

        assertThatThrownBy(() -> query(Long.class, "SELECT sum(n) FROM side.u")).hasMessageContaining("side.u");
    }

    @Test
    default void statisticsAreGathered() {
        run("CREATE TABLE t (n INTEGER); CREATE INDEX t_n ON t (n); INSERT INTO t VALUES (1), (2)");

        run("ANALYZE; PRAGMA optimize");

        assertThat(query(String.class, "SELECT stat FROM sqlite_stat1 WHERE idx = 't_n'"))
                .containsExactly("2 1");
    }

    @Test
    default void aTemporaryTableIsTheConnectionsOwn() {
        run("CREATE TEMP TABLE own (n INTEGER); INSERT INTO own VALUES (1)");
        Connection other = another();

        assertThat(query(Long.class, "SELECT n FROM own")).containsExactly(1L);
        assertThatThrownBy(() -> query(other, Long.class, "SELECT n FROM own")).hasMessageContaining("no such table");
        Driven.all(other.close());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"PRAGMA busy_timeout = 100", "pragma main.busy_timeout(100)", "PRAGMA \"busy_timeout\"=100"})
    default void howLongLocksAreWaitedForIsNotSetByAPragma(String sql) {
        assertThatThrownBy(() -> run(sql))
                .isInstanceOf(R2dbcException.class)
                .hasMessageContaining("busyTimeout")
                .hasMessageContaining("setLockWaitTimeout");
        Driven.all(connection().setLockWaitTimeout(Duration.ofMillis(100)));
    }

    @Test
    default void aFullDatabaseCostsTheTransactionAndTheConnectionGoesOn() {
        run("CREATE TABLE t (v)");
        long pages = query(Long.class, "PRAGMA page_count").get(0);
        run("PRAGMA max_page_count = " + (pages + 10));
        Driven.all(connection().beginTransaction());
        run("INSERT INTO t VALUES ('a')");

        assertThatThrownBy(() -> run("INSERT INTO t VALUES (zeroblob(1000000))"))
                .isInstanceOf(R2dbcNonTransientResourceException.class)
                .hasMessageContaining("SQLITE_FULL")
                .hasMessageContaining("free space");
        assertThatThrownBy(() -> run("INSERT INTO t VALUES ('b')")).isInstanceOf(R2dbcRollbackException.class);
        assertThatThrownBy(() -> Driven.all(connection().commitTransaction()))
                .isInstanceOf(R2dbcRollbackException.class);
        Driven.all(connection().rollbackTransaction());

        run("PRAGMA max_page_count = 1000000");
        run("INSERT INTO t VALUES (zeroblob(1000000))");
        assertThat(query(Long.class, "SELECT count(*) FROM t")).containsExactly(1L);
    }

    /** Leaves a transaction that cannot commit: its row refers to one that is not there. */
    private void failToCommit(Connection connection) {
        Driven.all(connection.beginTransaction());
        run(connection, "INSERT INTO u VALUES (1)");
        assertThatThrownBy(() -> Driven.all(connection.commitTransaction()))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class)
                .hasMessageContaining("FOREIGN KEY");
    }

    private void createReferences() {
        run("CREATE TABLE t (n INTEGER PRIMARY KEY);"
                + " CREATE TABLE u (n INTEGER REFERENCES t DEFERRABLE INITIALLY DEFERRED)");
    }

    @Test
    default void aTransactionThatCouldNotCommitIsStillOpenAndCanBeMended() {
        createReferences();
        failToCommit(connection());
        assertThat(connection().isAutoCommit()).isFalse();

        run("INSERT INTO t VALUES (1)");
        Driven.all(connection().commitTransaction());

        assertThat(connection().isAutoCommit()).isTrue();
        assertThat(query(Long.class, "SELECT n FROM u JOIN t USING (n)")).containsExactly(1L);
    }

    @Test
    default void closingAfterACommitThatFailedLetsOthersWrite() {
        createReferences();
        Connection failing = another();
        failToCommit(failing);
        CompletableFuture<Long> waiting = Flux.from(
                        connection().createStatement("INSERT INTO t VALUES (2)").execute())
                .concatMap(Result::getRowsUpdated)
                .single()
                .toFuture();
        assertThat(waiting).isNotDone();

        Driven.all(failing.close());

        assertThat(waiting).succeedsWithin(PATIENCE);
        assertThat(query(Long.class, "SELECT count(*) FROM u")).containsExactly(0L);
    }

    @Test
    default void theLockWaitOfATransactionHoldsForAllOfIt() {
        run("CREATE TABLE t (n INTEGER)");
        Connection other = another();
        Driven.all(connection().beginTransaction());

        // On a file a deferred transaction waits at its first write, in memory at its beginning.
        assertThatThrownBy(() -> {
                    Driven.all(other.beginTransaction(LibsqlTransactionDefinition.mode(TransactionMode.DEFERRED)
                            .lockWaitTimeout(Duration.ofMillis(50))));
                    run(other, "INSERT INTO t VALUES (2)");
                })
                .isInstanceOf(R2dbcTimeoutException.class);

        Driven.all(connection().rollbackTransaction());
        Driven.all(other.rollbackTransaction());
        run(other, "INSERT INTO t VALUES (3)");
        Driven.all(other.close());
    }
}
