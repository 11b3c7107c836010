package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.transport.TransactionMode;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** What the connection asks of its session. What comes of it is the contract suite's part. */
class LibsqlConnectionTest {

    private final ScriptedSession session = new ScriptedSession();
    private final LibsqlConnection connection = session.connect();

    @BeforeEach
    void forgetTheOpening() {
        session.log.clear();
    }

    private static void run(Publisher<?> publisher) {
        Flux.from(publisher).blockLast();
    }

    @Test
    void nothingRunsBeforeSubscription() {
        connection.createStatement("INSERT INTO t VALUES (1)").execute();
        connection.beginTransaction();
        connection.createSavepoint("a");

        assertThat(session.log).isEmpty();
    }

    @Test
    void aTransactionTakesTheWriteLockUnlessItOnlyReads() {
        run(connection.beginTransaction());
        run(connection.commitTransaction());
        run(connection.beginTransaction(IsolationLevel.READ_COMMITTED));
        run(connection.commitTransaction());
        run(connection.beginTransaction(LibsqlTransactionDefinition.readOnly()));
        run(connection.commitTransaction());
        run(connection.beginTransaction(LibsqlTransactionDefinition.mode(TransactionMode.EXCLUSIVE)));

        assertThat(session.log)
                .filteredOn(line -> line.startsWith("BEGIN"))
                .containsExactly("BEGIN IMMEDIATE", "BEGIN IMMEDIATE", "BEGIN DEFERRED", "BEGIN EXCLUSIVE");
    }

    @Test
    void aStatementThatMayWriteIsRefusedInAReadOnlyTransaction() {
        run(connection.beginTransaction(LibsqlTransactionDefinition.readOnly()));
        run(connection.createStatement("SELECT 1").execute());

        StepVerifier.create(connection.createStatement("DELETE FROM t").execute())
                .verifyErrorSatisfies(e -> assertThat(e)
                        .isInstanceOf(R2dbcPermissionDeniedException.class)
                        .hasMessageContaining("read-only transaction"));

        run(connection.rollbackTransaction());
        run(connection.createStatement("DELETE FROM t").execute());
        assertThat(session.log).contains("DELETE FROM t");
    }

    @Test
    void aDefinitionsLockWaitHoldsUntilTheTransactionEnds() {
        run(connection.setLockWaitTimeout(Duration.ofSeconds(9)));
        run(connection.beginTransaction(
                LibsqlTransactionDefinition.mode(TransactionMode.DEFERRED).lockWaitTimeout(Duration.ofSeconds(2))));
        run(connection.commitTransaction());

        assertThat(session.log)
                .containsExactly(
                        "lockWaitTimeout PT9S",
                        "lockWaitTimeout PT2S",
                        "BEGIN DEFERRED",
                        "COMMIT",
                        "lockWaitTimeout PT9S");
    }

    @Test
    void aDefinitionsLockWaitEndsWithABeginThatIsCancelled() {
        session.neverBegin = true;

        connection
                .beginTransaction(LibsqlTransactionDefinition.readOnly().lockWaitTimeout(Duration.ofSeconds(2)))
                .subscribe()
                .dispose();

        assertThat(session.log).containsExactly("lockWaitTimeout PT2S", "lockWaitTimeout null");
    }

    @Test
    void withAutoCommitOffTheFirstStatementBeginsATransaction() {
        run(connection.setAutoCommit(false));
        run(connection.createStatement("DELETE FROM t").execute());
        run(connection.createStatement("DELETE FROM u").execute());
        run(connection.setAutoCommit(true));

        assertThat(session.log).containsExactly("BEGIN IMMEDIATE", "DELETE FROM t", "DELETE FROM u", "COMMIT");
        assertThat(connection.isAutoCommit()).isTrue();
    }

    @Test
    void aConnectionThatGoesBackToAPoolIsAsGoodAsNew() {
        run(connection.setAutoCommit(false));
        run(connection.setStatementTimeout(Duration.ofSeconds(3)));
        run(connection.setLockWaitTimeout(Duration.ofSeconds(3)));
        run(connection.beginTransaction());
        session.log.clear();

        run(connection.preRelease());

        assertThat(session.log).startsWith("ROLLBACK").endsWith("lockWaitTimeout null", "statementTimeout null");
        assertThat(connection.isAutoCommit()).isTrue();
    }

    @Test
    void savepointNamesAreQuoted() {
        run(connection.createSavepoint("a \"b\""));
        run(connection.rollbackTransactionToSavepoint("a \"b\""));
        run(connection.releaseSavepoint("a \"b\""));

        assertThat(session.log)
                .containsExactly(
                        "BEGIN IMMEDIATE",
                        "SAVEPOINT \"a \"\"b\"\"\"",
                        "ROLLBACK TO SAVEPOINT \"a \"\"b\"\"\"",
                        "RELEASE SAVEPOINT \"a \"\"b\"\"\"");
    }

    @Test
    void validationNeverFailsWithAnError() {
        StepVerifier.create(connection.validate(ValidationDepth.REMOTE))
                .expectNext(false)
                .verifyComplete();
    }

    @Test
    void aTransactionInsideATransactionIsRefused() {
        run(connection.beginTransaction());

        StepVerifier.create(connection.beginTransaction()).verifyError(IllegalStateException.class);
    }

    @Test
    void aZeroStatementTimeoutMeansNone() {
        run(connection.setStatementTimeout(Duration.ZERO));

        assertThat(session.log).containsExactly("statementTimeout null");
    }

    @Test
    void everyIsolationLevelOfTheStandardIsGrantedAsSerializable() {
        run(connection.setTransactionIsolationLevel(IsolationLevel.READ_UNCOMMITTED));

        assertThat(connection.getTransactionIsolationLevel()).isEqualTo(IsolationLevel.SERIALIZABLE);
        StepVerifier.create(connection.setTransactionIsolationLevel(IsolationLevel.valueOf("CHAOS")))
                .verifyErrorMessage("isolation level CHAOS: SQLite's transactions are SERIALIZABLE");
    }

    @Test
    @SuppressWarnings("NullAway") // nulls are what this is about
    void nullsAreIllegalArguments() {
        LibsqlStatement statement = connection.createStatement("SELECT :a");
        assertIllegal(() -> connection.createStatement(null));
        assertIllegal(() -> connection.createBatch().add(null));
        assertIllegal(() -> connection.createSavepoint(null));
        assertIllegal(() -> connection.releaseSavepoint(null));
        assertIllegal(() -> connection.rollbackTransactionToSavepoint(null));
        assertIllegal(() -> connection.setLockWaitTimeout(null));
        assertIllegal(() -> connection.setStatementTimeout(null));
        assertIllegal(() -> connection.setLockWaitTimeout(Duration.ofMillis(-1)));
        assertIllegal(() -> connection.setTransactionIsolationLevel(null));
        assertIllegal(() -> connection.beginTransaction((TransactionDefinition) null));
        assertIllegal(() -> connection.validate(null));
        assertIllegal(() -> statement.bind(0, null));
        assertIllegal(() -> statement.bind("a", null));
        assertIllegal(() -> statement.bind((String) null, "x"));
        assertIllegal(() -> statement.bindNull("a", null));
        assertIllegal(() -> statement.bindNull(0, null));
        assertIllegal(() -> statement.bindNull(null, String.class));
        assertIllegal(() -> statement.returnGeneratedValues((String[]) null));
        assertIllegal(() -> statement.returnGeneratedValues("a", null));
        assertIllegal(() -> statement.fetchSize(-1));
    }

    private static void assertIllegal(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class);
    }
}
