package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.transport.TransactionMode;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.ValidationDepth;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
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

    @Test
    default void savepointsNestAndAnOuterOneTakesTheInnerOnesWithIt() {
        createTable();
        Driven.all(connection().beginTransaction());
        insert(1);
        Driven.all(connection().createSavepoint("outer"));
        insert(2);
        Driven.all(connection().createSavepoint("inner"));
        insert(3);
        assertThatThrownBy(() -> insert(1)).isInstanceOf(R2dbcDataIntegrityViolationException.class);

        Driven.all(connection().rollbackTransactionToSavepoint("outer"));
        assertThat(rows(connection())).containsExactly(1);
        assertThatThrownBy(() -> Driven.all(connection().releaseSavepoint("inner")))
                .isInstanceOf(R2dbcBadGrammarException.class);

        insert(4);
        Driven.all(connection().createSavepoint("outer"));
        insert(5);
        Driven.all(connection().rollbackTransactionToSavepoint("outer")); // the later one of the two
        Driven.all(connection().releaseSavepoint("outer"));
        Driven.all(connection().releaseSavepoint("outer"));
        assertThat(connection().isAutoCommit()).isFalse();
        Driven.all(connection().rollbackTransaction());

        assertThat(rows(connection())).isEmpty();
    }

    @Test
    default void autoCommitThatIsTurnedOffWithinATransactionStaysOffAfterIt() {
        createTable();
        Driven.all(connection().beginTransaction());
        insert(1);
        Driven.all(connection().setAutoCommit(false));
        Driven.all(connection().rollbackTransaction());
        assertThat(rows(connection())).isEmpty();
        assertThat(connection().isAutoCommit()).isFalse();

        insert(2);
        Driven.all(connection().setAutoCommit(true));
        Driven.all(connection().rollbackTransaction());

        assertThat(connection().isAutoCommit()).isTrue();
        assertThat(rows(connection())).containsExactly(2);
    }

    @Test
    default void aTransactionWithinATransactionIsRefusedAndTheFirstGoesOn() {
        createTable();
        Driven.all(connection().beginTransaction());
        insert(1);

        assertThatThrownBy(() -> Driven.all(connection().beginTransaction())).isInstanceOf(IllegalStateException.class);

        Driven.all(connection().commitTransaction());
        assertThat(rows(connection())).containsExactly(1);
    }

    @Test
    default void aDefinitionOfAnotherLibraryIsUnderstood() {
        createTable();
        TransactionDefinition definition = definition(Map.of(
                TransactionDefinition.NAME,
                "nightly",
                TransactionDefinition.ISOLATION_LEVEL,
                IsolationLevel.REPEATABLE_READ,
                TransactionDefinition.READ_ONLY,
                true));

        Driven.all(connection().beginTransaction(definition));
        assertThatThrownBy(() -> insert(1)).isInstanceOf(R2dbcPermissionDeniedException.class);
        Driven.all(connection().rollbackTransaction());
        Driven.all(connection().beginTransaction(definition(Map.of())));
        insert(2);
        Driven.all(connection().commitTransaction());

        assertThat(rows(connection())).containsExactly(2);
    }

    private static TransactionDefinition definition(Map<Option<?>, Object> attributes) {
        return new TransactionDefinition() {
            @Override
            public <T> @Nullable T getAttribute(Option<T> option) {
                return option.cast(attributes.get(option));
            }
        };
    }

    @Test
    default void validatingLeavesTheTransactionAsItIs() {
        createTable();
        Driven.all(connection().beginTransaction());
        insert(1);
        assertThat(Driven.all(connection().validate(ValidationDepth.LOCAL))).containsExactly(true);
        assertThat(Driven.all(connection().validate(ValidationDepth.REMOTE))).containsExactly(true);
        assertThat(connection().isAutoCommit()).isFalse();
        Driven.all(connection().rollbackTransaction());

        assertThat(rows(connection())).isEmpty();
    }

    @Test
    default void aBatchAndBindingSetsJoinTheOpenTransaction() {
        createTable();
        Driven.all(connection().setAutoCommit(false));
        Driven.all(connection()
                .createBatch()
                .add("INSERT INTO t VALUES (1)")
                .add("INSERT INTO t VALUES (2)")
                .execute());
        Driven.all(connection()
                .createStatement("INSERT INTO t VALUES (?)")
                .bind(0, 3)
                .add()
                .bind(0, 4)
                .execute());
        assertThat(rows(connection())).containsExactly(1, 2, 3, 4);
        Driven.all(connection().rollbackTransaction());

        assertThat(rows(connection())).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(TransactionMode.class)
    default void aTransactionOfEachModeReadsWritesAndCommits(TransactionMode mode) {
        createTable();
        Driven.all(connection().beginTransaction(LibsqlTransactionDefinition.mode(mode)));
        assertThat(rows(connection())).isEmpty();
        insert(1);
        Driven.all(connection().commitTransaction());

        assertThat(rows(connection())).containsExactly(1);
    }

    @Test
    default void aUnitOfWorkThatFailsInATransactionKeepsWhatRanBeforeTheErrorAndRunsNothingAfterIt() {
        createTable();
        Driven.all(connection().beginTransaction());
        Statement clashing = connection()
                .createStatement("INSERT INTO t VALUES (?)")
                .bind(0, 1)
                .add()
                .bind(0, 1)
                .add()
                .bind(0, 2);

        assertThatThrownBy(() -> Driven.all(clashing.execute()))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class);
        assertThat(rows(connection())).containsExactly(1);
        Driven.all(connection().commitTransaction());

        assertThat(rows(connection())).containsExactly(1);
    }

    @Test
    default void aConstraintThatIsCheckedAtTheCommitFailsTheCommit() {
        run("CREATE TABLE t (n INTEGER PRIMARY KEY);"
                + " CREATE TABLE u (n INTEGER REFERENCES t DEFERRABLE INITIALLY DEFERRED)");
        assertThatThrownBy(() -> run("INSERT INTO u VALUES (1); INSERT INTO u VALUES (2)"))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class);
        Driven.all(connection().beginTransaction());
        run("INSERT INTO u VALUES (3)");

        assertThatThrownBy(() -> Driven.all(connection().commitTransaction()))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class);

        Driven.all(connection().rollbackTransaction());
        assertThat(connection().isAutoCommit()).isTrue();
        assertThat(query(Long.class, "SELECT count(*) FROM u")).containsExactly(0L);
        insert(1);
    }

    @Test
    default void aTransactionThatSqliteRolledBackByItselfIsLostUntilItsEnd() {
        createTable();
        Driven.all(connection().beginTransaction());
        insert(1);
        assertThatThrownBy(() -> run("INSERT OR ROLLBACK INTO t VALUES (1)"))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class);

        assertThatThrownBy(() -> insert(2)).isInstanceOf(R2dbcRollbackException.class);
        assertThatThrownBy(() -> rows(connection())).isInstanceOf(R2dbcRollbackException.class);
        assertThat(connection().isAutoCommit()).isFalse();
        assertThatThrownBy(() -> Driven.all(connection().commitTransaction()))
                .isInstanceOf(R2dbcRollbackException.class);

        Driven.all(connection().rollbackTransaction());
        assertThat(connection().isAutoCommit()).isTrue();
        insert(3);
        assertThat(rows(connection())).containsExactly(3);
    }
}
