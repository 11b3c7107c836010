package dev.pollux.r2dbc.local;

import static dev.pollux.r2dbc.local.Database.WAIT;
import static dev.pollux.r2dbc.local.Database.unit;
import static dev.pollux.r2dbc.local.Database.value;
import static dev.pollux.r2dbc.local.Database.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import dev.pollux.r2dbc.transport.Work;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.Disposable;

/** The lock of a connection that is not ours, as another process holds it. */
class OtherProcessTest {

    private static final String INSERT = "INSERT INTO t VALUES (1)";

    private static final String ENDLESS_INSERT =
            "INSERT INTO t WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT count(*) FROM n";

    /** Has written rows by the time it is stopped. */
    private static final String LONG_INSERT =
            "INSERT INTO t WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n";

    @TempDir
    Path folder;

    private Database database;
    private Session session;
    private Jdbc stranger;

    @BeforeEach
    void open() throws SQLException {
        database = Database.file(folder);
        session = database.open();
        write(session, "CREATE TABLE t(id)");
        stranger = new Jdbc(folder.resolve("test.db"));
        stranger.run("BEGIN IMMEDIATE");
    }

    @AfterEach
    void close() throws SQLException {
        stranger.close();
        database.close();
    }

    @Test
    void aLockThatStaysFailsAsBusy() {
        session.lockWaitTimeout(Duration.ofMillis(30));
        assertThatThrownBy(() -> write(session, INSERT))
                .isInstanceOf(R2dbcTransientResourceException.class)
                .hasMessageContaining("SQLITE_BUSY");
        assertThatThrownBy(() -> Database.run(session, unit(Call.write(INSERT), Call.write(INSERT))))
                .isInstanceOf(R2dbcTransientResourceException.class);
        assertThatThrownBy(() -> session.begin(TransactionMode.IMMEDIATE).block(WAIT))
                .isInstanceOf(R2dbcTransientResourceException.class);
        assertThat(session.inTransaction()).isFalse();
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L);
    }

    @Test
    void aLockThatIsReleasedInTimeOnlyDelays() throws SQLException {
        CompletableFuture<List<Answer>> waiting =
                session.execute(write(INSERT)).collectList().toFuture();
        assertThat(waiting).isNotDone();
        stranger.run("COMMIT");
        assertThat(waiting).succeedsWithin(WAIT);
    }

    @Test
    void aWaitForTheLockCanBeCancelled() throws SQLException {
        session.lockWaitTimeout(Duration.ofDays(1));
        Disposable waiting = session.execute(write(INSERT)).subscribe();
        waiting.dispose();
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L); // only if the thread is free
        session.statementTimeout(Duration.ofMillis(30));
        assertThatThrownBy(() -> write(session, INSERT)).isInstanceOf(R2dbcTimeoutException.class);
        stranger.run("COMMIT");
        session.statementTimeout(null);
        write(session, INSERT);
    }

    @Test
    void aPragmaDoesNotPutSqlitesOwnWaitInThePlaceOfOurs() {
        assertThatThrownBy(() -> write(session, "PRAGMA busy_timeout = 86400000"))
                .isInstanceOf(R2dbcException.class)
                .hasMessageContaining("busyTimeout");
        session.lockWaitTimeout(Duration.ofMillis(30));
        assertThatThrownBy(() -> write(session, INSERT)).hasMessageContaining("SQLITE_BUSY");
    }

    @Test
    void closingEndsTheWaitForTheLock() {
        session.lockWaitTimeout(Duration.ofDays(1));
        CompletableFuture<List<Answer>> waiting =
                session.execute(write(INSERT)).collectList().toFuture();
        session.close().block(WAIT);
        assertThat(waiting)
                .failsWithin(WAIT)
                .withThrowableOfType(java.util.concurrent.ExecutionException.class)
                .withMessageContaining("the session was closed");
    }

    static List<Work> longWrites() {
        return List.of(write(LONG_INSERT), write(ENDLESS_INSERT), unit(Call.write(INSERT), Call.write(ENDLESS_INSERT)));
    }

    @ParameterizedTest
    @MethodSource("longWrites")
    void aWriteThatIsCancelledWhileItRunsLetsTheLockGo(Work longWrite) throws SQLException {
        stranger.run("COMMIT");
        Disposable running = session.execute(longWrite).subscribe();
        stranger.run("PRAGMA busy_timeout = 0");
        assertTimeoutPreemptively(WAIT, this::awaitTheLockOfTheSession);
        running.dispose();
        stranger.run("PRAGMA busy_timeout = 30000");
        stranger.run("BEGIN IMMEDIATE");
        stranger.run("COMMIT");
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L);
        write(session, INSERT);
    }

    @ParameterizedTest
    @MethodSource("longWrites")
    void aWriteThatTakesTooLongLetsTheLockGo(Work longWrite) throws SQLException {
        stranger.run("COMMIT");
        session.statementTimeout(Duration.ofMillis(100));
        assertThatThrownBy(() -> Database.run(session, longWrite)).isInstanceOf(R2dbcTimeoutException.class);
        stranger.run("PRAGMA busy_timeout = 0");
        stranger.run(INSERT);
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(1L);
    }

    private void awaitTheLockOfTheSession() {
        try {
            while (true) {
                stranger.run("BEGIN IMMEDIATE");
                stranger.run("COMMIT");
            }
        } catch (SQLException e) {
            assertThat(e.getMessage()).contains("SQLITE_BUSY");
        }
    }

    @Test
    void readersNeitherWaitNorSeeWhatIsNotCommitted() throws SQLException {
        stranger.run(INSERT);
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L);
        stranger.run("COMMIT");
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(1L);
    }

    @Test
    void aLostSnapshotFailsAsBusyAndTheTransactionCanBeRolledBack() throws SQLException {
        session.begin(TransactionMode.DEFERRED).block(WAIT);
        value(session, "SELECT count(*) FROM t");
        stranger.run(INSERT);
        stranger.run("COMMIT");
        assertThatThrownBy(() -> write(session, INSERT))
                .isInstanceOf(R2dbcTransientResourceException.class)
                .hasMessageContaining("SQLITE_BUSY_SNAPSHOT");
        session.rollback().block(WAIT);
        write(session, INSERT);
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(2L);
    }

    @Test
    void aCommitThatMeetsALockCanBeTriedAgain() throws SQLException {
        Path file = folder.resolve("without-wal.db");
        LocalOptions options = LocalOptions.file(file)
                .journalMode(LocalOptions.JournalMode.DELETE)
                .busyTimeout(Duration.ofMillis(30))
                .build();
        try (Database withoutWal = new Database(options);
                Jdbc reader = new Jdbc(file)) {
            Session writer = withoutWal.open();
            write(writer, "CREATE TABLE t(id)");
            writer.begin(TransactionMode.IMMEDIATE).block(WAIT);
            write(writer, INSERT);
            reader.run("BEGIN");
            reader.number("SELECT count(*) FROM t"); // without a WAL this keeps a writer from committing
            assertThatThrownBy(() -> writer.commit().block(WAIT))
                    .isInstanceOf(R2dbcTransientResourceException.class)
                    .hasMessageContaining("SQLITE_BUSY");
            assertThat(writer.inTransaction()).isTrue();
            reader.run("COMMIT");
            writer.commit().block(WAIT);
            assertThat(reader.number("SELECT count(*) FROM t")).isEqualTo(1);
        }
    }
}
