package dev.pollux.r2dbc.local;

import static dev.pollux.r2dbc.local.Database.WAIT;
import static dev.pollux.r2dbc.local.Database.read;
import static dev.pollux.r2dbc.local.Database.unit;
import static dev.pollux.r2dbc.local.Database.value;
import static dev.pollux.r2dbc.local.Database.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;

/** Work that is cancelled or takes too long really stops, and nothing else does. Otherwise these tests don't end. */
@ParameterizedClass(name = "in memory: {0}")
@ValueSource(booleans = {false, true})
class StoppingTest {

    private static final String ENDLESS =
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";
    private static final String ENDLESS_INSERT =
            "INSERT INTO t WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT count(*) FROM n";

    private final boolean inMemory;

    @TempDir
    Path folder;

    private Database database;
    private Session session;

    StoppingTest(boolean inMemory) {
        this.inMemory = inMemory;
    }

    @BeforeEach
    void open() {
        database = inMemory ? Database.memory() : Database.file(folder);
        session = database.open();
        write(session, "CREATE TABLE t(id)");
    }

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void aQueryThatIsCancelledStops() {
        Disposable endless = session.execute(read(ENDLESS)).subscribe();
        endless.dispose();
        assertThat(value(session, "SELECT 1")).isEqualTo(1L);
    }

    @Test
    void aCancelNeverHitsTheNextWork() {
        for (int i = 0; i < 300; i++) {
            CompletableFuture<List<Answer>> next;
            Disposable endless = session.execute(read(ENDLESS)).subscribe();
            next = session.execute(unit(Call.write("INSERT INTO t VALUES (1)"), Call.write("INSERT INTO t VALUES (2)")))
                    .collectList()
                    .toFuture();
            endless.dispose();
            assertThat(next).succeedsWithin(WAIT);
        }
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(600L);
    }

    @Test
    void workThatWaitsForItsTurnIsCancelledWithoutRunning() {
        Disposable endless = session.execute(read(ENDLESS)).subscribe();
        Disposable waiting = session.execute(write("INSERT INTO t VALUES (1)")).subscribe();
        waiting.dispose();
        endless.dispose();
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L);
    }

    @Test
    void aUnitThatIsCancelledRollsBack() {
        Disposable unit = session.execute(unit(Call.write("INSERT INTO t VALUES (1)"), Call.write(ENDLESS_INSERT)))
                .subscribe();
        unit.dispose();
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L);
        write(database.open(), "INSERT INTO t VALUES (2)");
    }

    @Test
    void aQueryThatTakesTooLongFails() {
        session.statementTimeout(Duration.ofMillis(30));
        assertThatThrownBy(() -> value(session, ENDLESS))
                .isInstanceOf(R2dbcTimeoutException.class)
                .hasMessageContaining("statement timeout of PT0.03S");
        assertThatThrownBy(() ->
                        Database.run(session, unit(Call.write("INSERT INTO t VALUES (1)"), Call.write(ENDLESS_INSERT))))
                .isInstanceOf(R2dbcTimeoutException.class);
        session.statementTimeout(null);
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L);
    }

    @Test
    void aWriteThatIsReportedAsStoppedHasChangedNothing() {
        long written = 0;
        for (int i = 0; i < 300; i++) {
            session.statementTimeout(Duration.ofNanos(1 + i * 2_000L));
            try {
                write(session, "INSERT INTO t VALUES (1)");
                written++;
            } catch (R2dbcTimeoutException e) {
                // Then it must not be counted below.
            }
        }
        session.statementTimeout(null);
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(written);
    }

    @Test
    void theDefaultTimeoutIsTheTransports() {
        try (Database hasty = new Database(
                LocalOptions.memory("").statementTimeout(Duration.ofMillis(30)).build())) {
            Session own = hasty.open();
            assertThatThrownBy(() -> value(own, ENDLESS)).isInstanceOf(R2dbcTimeoutException.class);
        }
    }

    @Test
    void aWriteThatIsInterruptedInATransactionLosesIt() {
        session.begin(TransactionMode.IMMEDIATE).block(WAIT);
        write(session, "INSERT INTO t VALUES (1)");
        session.statementTimeout(Duration.ofMillis(30));
        assertThatThrownBy(() -> write(session, ENDLESS_INSERT)).isInstanceOf(R2dbcTimeoutException.class);
        assertThatThrownBy(() -> write(session, "INSERT INTO t VALUES (2)")).isInstanceOf(R2dbcRollbackException.class);
        session.rollback().block(WAIT);
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L);
    }

    @Test
    void aReadThatIsInterruptedInATransactionLeavesItOpen() {
        session.begin(TransactionMode.IMMEDIATE).block(WAIT);
        write(session, "INSERT INTO t VALUES (1)");
        Disposable endless = session.execute(read(ENDLESS)).subscribe();
        endless.dispose();
        session.commit().block(WAIT);
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(1L);
    }

    @Test
    void closingStopsWhatRuns() {
        CompletableFuture<List<Answer>> endless =
                session.execute(read(ENDLESS)).collectList().toFuture();
        CompletableFuture<List<Answer>> waiting =
                session.execute(read("SELECT 1")).collectList().toFuture();
        session.close().block(WAIT);
        for (CompletableFuture<List<Answer>> work : List.of(endless, waiting)) {
            assertThat(work)
                    .failsWithin(WAIT)
                    .withThrowableOfType(ExecutionException.class)
                    .withMessageContaining("the session was closed");
        }
    }
}
