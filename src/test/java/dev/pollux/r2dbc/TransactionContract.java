package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.ValidationDepth;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

/** Transactions, auto-commit and savepoints. */
interface TransactionContract extends Driven {

    private void createTable() {
        run("CREATE TABLE t (n INTEGER UNIQUE)");
    }

    private List<Integer> rows(Connection connection) {
        return query(connection, Integer.class, "SELECT n FROM t ORDER BY n");
    }

    private void insert(int n) {
        run("INSERT INTO t VALUES (?)", n);
    }

    @Test
    default void aCommitMakesRowsSeenByOthersAndARollbackDoesNot() {
        createTable();
        Connection other = another();
        Driven.all(connection().beginTransaction());
        insert(1);
        assertThat(connection().isAutoCommit()).isFalse();
        Driven.all(connection().commitTransaction());
        Driven.all(connection().beginTransaction());
        insert(2);
        assertThat(rows(connection())).containsExactly(1, 2);
        Driven.all(connection().rollbackTransaction());

        assertThat(connection().isAutoCommit()).isTrue();
        assertThat(rows(other)).containsExactly(1);
        Driven.all(other.close());
    }

    @Test
    default void changingAutoCommitCommitsAndKeepingItDoesNothing() {
        createTable();
        Driven.all(connection().setAutoCommit(false));
        Driven.all(connection().beginTransaction());
        insert(1);
        Driven.all(connection().setAutoCommit(false));
        Driven.all(connection().rollbackTransaction());
        assertThat(rows(connection())).isEmpty();
        Driven.all(connection().rollbackTransaction());

        Driven.all(connection().beginTransaction());
        insert(2);
        Driven.all(connection().setAutoCommit(true));
        Driven.all(connection().rollbackTransaction());

        assertThat(rows(connection())).containsExactly(2);
    }

    @Test
    default void withAutoCommitOffNothingCommitsByItself() {
        createTable();
        Driven.all(connection().setAutoCommit(false));
        insert(1);
        Driven.all(connection().rollbackTransaction());
        insert(2);
        Driven.all(connection().commitTransaction());

        assertThat(rows(connection())).containsExactly(2);
        Driven.all(connection().commitTransaction());
    }

    @Test
    default void aSavepointUndoesOnlyWhatCameAfterIt() {
        createTable();
        Driven.all(connection().createSavepoint("first one"));
        assertThat(connection().isAutoCommit()).isFalse();
        insert(1);
        Driven.all(connection().createSavepoint("it's \"two\""));
        insert(2);
        Driven.all(connection().rollbackTransactionToSavepoint("it's \"two\""));
        insert(3);
        Driven.all(connection().releaseSavepoint("it's \"two\""));
        Driven.all(connection().commitTransaction());

        assertThat(rows(connection())).containsExactly(1, 3);
    }

    @Test
    default void aSavepointThatIsNotThereIsAnError() {
        assertThatThrownBy(() -> Driven.all(connection().releaseSavepoint("gone")))
                .isInstanceOf(R2dbcBadGrammarException.class);
        Driven.all(connection().beginTransaction());
        assertThatThrownBy(() -> Driven.all(connection().rollbackTransactionToSavepoint("gone")))
                .isInstanceOf(R2dbcBadGrammarException.class)
                .hasMessageContaining("gone");
        Driven.all(connection().rollbackTransaction());
    }

    @Test
    default void aFailedStatementLeavesTheTransactionOpen() {
        createTable();
        Driven.all(connection().beginTransaction());
        insert(1);
        assertThatThrownBy(() -> insert(1)).isInstanceOf(R2dbcDataIntegrityViolationException.class);
        insert(2);
        Driven.all(connection().commitTransaction());

        assertThat(rows(connection())).containsExactly(1, 2);
    }

    @Test
    default void aUnitOfWorkJoinsTheOpenTransaction() {
        createTable();
        Driven.all(connection().beginTransaction());
        run("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)");
        Driven.all(connection().rollbackTransaction());

        assertThat(rows(connection())).isEmpty();
    }

    @Test
    default void closingRollsBack() {
        createTable();
        Connection other = another();
        Driven.all(other.beginTransaction());
        run(other, "INSERT INTO t VALUES (1)");
        Driven.all(other.close());
        Driven.all(other.close());

        assertThat(rows(connection())).isEmpty();
        assertThat(Driven.all(other.validate(ValidationDepth.LOCAL))).containsExactly(false);
        assertThat(Driven.all(other.validate(ValidationDepth.REMOTE))).containsExactly(false);
    }

    @Test
    default void aReadOnlyTransactionReadsAndRefusesToWrite() {
        createTable();
        insert(1);
        Driven.all(connection().beginTransaction(LibsqlTransactionDefinition.readOnly()));

        assertThat(rows(connection())).containsExactly(1);
        assertThatThrownBy(() -> insert(2)).isInstanceOf(R2dbcPermissionDeniedException.class);
        Driven.all(connection().commitTransaction());
        insert(2);
    }

    @Test
    default void aSecondWriterWaitsForTheFirst() throws Exception {
        createTable();
        Connection other = another();
        Driven.all(connection().beginTransaction());
        insert(1);

        CompletableFuture<Long> second = Flux.from(
                        other.createStatement("INSERT INTO t VALUES (2)").execute())
                .concatMap(Result::getRowsUpdated)
                .single()
                .toFuture();
        insert(3);
        Driven.all(connection().commitTransaction());

        assertThat(second.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo(1);
        assertThat(rows(connection())).containsExactly(1, 2, 3);
        Driven.all(other.close());
    }

    @Test
    default void transactionsAreSerializable() {
        createTable();
        Driven.all(connection().beginTransaction(IsolationLevel.READ_COMMITTED));
        assertThat(connection().getTransactionIsolationLevel()).isEqualTo(IsolationLevel.SERIALIZABLE);
        Driven.all(connection().rollbackTransaction());
        assertThatThrownBy(() -> Driven.all(connection().beginTransaction(IsolationLevel.valueOf("CHAOS"))))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThat(connection().isAutoCommit()).isTrue();
    }

    @Test
    default void transactionControlAsAStatementIsRefused() {
        assertThatThrownBy(() -> connection().createStatement("BEGIN"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("beginTransaction()");
    }
}
