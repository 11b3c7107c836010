package dev.pollux.r2dbc.local;

import static dev.pollux.r2dbc.local.Database.WAIT;
import static dev.pollux.r2dbc.local.Database.read;
import static dev.pollux.r2dbc.local.Database.rows;
import static dev.pollux.r2dbc.local.Database.run;
import static dev.pollux.r2dbc.local.Database.unit;
import static dev.pollux.r2dbc.local.Database.value;
import static dev.pollux.r2dbc.local.Database.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Writers of one JVM wait for each other at the gate, and the gate is left in every case. */
@ParameterizedClass(name = "{0}")
@EnumSource
class WritersTest {

    enum Kind {
        WAL_FILE,
        ROLLBACK_JOURNAL_FILE,
        MEMORY
    }

    private static final String INSERT = "INSERT INTO t(name) VALUES (?1)";

    private final Kind kind;

    @TempDir
    Path folder;

    private Database database;
    private Session holder;
    private Session other;

    WritersTest(Kind kind) {
        this.kind = kind;
    }

    @BeforeEach
    void open() {
        database =
                new Database(options().synchronous(LocalOptions.Synchronous.OFF).build());
        holder = database.open();
        other = database.open();
        write(holder, "CREATE TABLE t(id INTEGER PRIMARY KEY, name)");
    }

    private LocalOptions.Builder options() {
        return switch (kind) {
            case WAL_FILE -> LocalOptions.file(folder.resolve("test.db"));
            case ROLLBACK_JOURNAL_FILE ->
                LocalOptions.file(folder.resolve("test.db")).journalMode(LocalOptions.JournalMode.DELETE);
            case MEMORY -> LocalOptions.memory(folder.toString());
        };
    }

    @AfterEach
    void close() {
        database.close();
    }

    private void gateIsFree() {
        Session session = database.open();
        session.lockWaitTimeout(Duration.ZERO);
        write(session, INSERT, "free");
    }

    @Test
    void sixtyFourWritersNeverMeetTheLock() {
        List<Session> sessions =
                IntStream.range(0, 64).mapToObj(i -> database.open()).toList();
        int each = 20;
        Flux.fromIterable(sessions)
                .flatMap(
                        session -> Flux.range(0, each)
                                .concatMap(i -> i % 2 == 0
                                        ? session.execute(write(INSERT, (long) i))
                                        : session.begin(TransactionMode.IMMEDIATE)
                                                .thenMany(session.execute(write(INSERT, (long) i)))
                                                .then(session.commit())),
                        64)
                .then()
                .block(WAIT);
        assertThat(value(holder, "SELECT count(*) FROM t")).isEqualTo(64L * each);
    }

    @Test
    void writersAreServedInTheOrderInWhichTheyCame() {
        List<Session> sessions =
                IntStream.range(0, 64).mapToObj(i -> database.open()).toList();
        holder.begin(TransactionMode.IMMEDIATE).block(WAIT);
        List<CompletableFuture<Void>> waiting = new ArrayList<>();
        for (int i = 0; i < sessions.size(); i++) {
            waiting.add(oneInsert(sessions.get(i), i).toFuture());
        }
        holder.commit().block(WAIT);
        assertThat(waiting).allSatisfy(work -> assertThat(work).succeedsWithin(WAIT));
        assertThat(rows(holder, "SELECT name FROM t ORDER BY id"))
                .isEqualTo(IntStream.range(0, sessions.size())
                        .mapToObj(i -> List.of((Object) (long) i))
                        .toList());
    }

    /** In autocommit mode, as a unit of several calls, or in a transaction. */
    private static Mono<Void> oneInsert(Session session, long name) {
        return switch ((int) name % 3) {
            case 0 -> session.execute(write(INSERT, name)).then();
            case 1 ->
                session.execute(unit(Call.write(INSERT, name), Call.read("SELECT 1")))
                        .then();
            default ->
                session.begin(TransactionMode.IMMEDIATE)
                        .thenMany(session.execute(write(INSERT, name)))
                        .then(session.commit());
        };
    }

    @Test
    void aTransactionHoldsTheGateUntilItEnds() {
        for (TransactionMode mode : List.of(TransactionMode.IMMEDIATE, TransactionMode.EXCLUSIVE)) {
            for (boolean commit : new boolean[] {true, false}) {
                holder.begin(mode).block(WAIT);
                CompletableFuture<List<Answer>> waiting =
                        other.execute(write(INSERT, "b")).collectList().toFuture();
                write(holder, INSERT, "a");
                assertThat(waiting).isNotDone();
                (commit ? holder.commit() : holder.rollback()).block(WAIT);
                assertThat(waiting).succeedsWithin(WAIT);
            }
        }
    }

    @Test
    void aDeferredTransactionHoldsTheGateFromItsFirstWrite() {
        holder.begin(TransactionMode.DEFERRED).block(WAIT);
        write(holder, INSERT, "a");
        CompletableFuture<List<Answer>> waiting =
                other.execute(write(INSERT, "b")).collectList().toFuture();
        write(holder, INSERT, "a");
        assertThat(waiting).isNotDone();
        holder.commit().block(WAIT);
        assertThat(waiting).succeedsWithin(WAIT);
    }

    @Test
    void closingASessionLeavesTheGate() {
        holder.begin(TransactionMode.IMMEDIATE).block(WAIT);
        CompletableFuture<List<Answer>> waiting =
                other.execute(write(INSERT, "b")).collectList().toFuture();
        holder.close().block(WAIT);
        assertThat(waiting).succeedsWithin(WAIT);
    }

    @Test
    void aWaitBehindATransactionThatNeverEndsFailsAsBusy() {
        holder.begin(TransactionMode.IMMEDIATE).block(WAIT);
        other.lockWaitTimeout(Duration.ofMillis(50));
        assertThatThrownBy(() -> write(other, INSERT, "b"))
                .isInstanceOf(R2dbcTransientResourceException.class)
                .hasMessageContaining("SQLITE_BUSY")
                .hasMessageContaining("PT0.05S")
                .hasMessageNotContaining("(b)");
        assertThatThrownBy(() -> other.begin(TransactionMode.IMMEDIATE).block(WAIT))
                .isInstanceOf(R2dbcTransientResourceException.class);
        assertThat(other.inTransaction()).isFalse();
        holder.rollback().block(WAIT);
        gateIsFree();
        other.begin(TransactionMode.IMMEDIATE).block(WAIT);
    }

    @Test
    void aTransactionKeepsTheGateHoweverFastItBegan() {
        // The thread may have begun before the subscriber has even come back from lining up.
        other.lockWaitTimeout(Duration.ZERO);
        for (int i = 0; i < 1_000; i++) {
            holder.begin(TransactionMode.IMMEDIATE).block(WAIT);
            assertThatThrownBy(() -> write(other, INSERT, "b")).hasMessageContaining("waited PT0S for a writer");
            holder.rollback().block(WAIT);
        }
    }

    @Test
    void theDefaultWaitAllowsALongLineThatMoves() {
        try (Database impatient =
                new Database(options().busyTimeout(Duration.ofSeconds(1)).build())) {
            // Each transaction ends after 100 ms, so the last of these waits for more than the timeout.
            Flux.range(0, 12)
                    .map(i -> impatient.open())
                    .collectList()
                    .flatMapMany(Flux::fromIterable)
                    .flatMap(
                            session -> session.begin(TransactionMode.IMMEDIATE)
                                    .then(Mono.delay(Duration.ofMillis(100)))
                                    .thenMany(session.execute(write(INSERT, "a")))
                                    .then(session.commit()),
                            12)
                    .then()
                    .block(WAIT);
        }
        assertThat(value(holder, "SELECT count(*) FROM t")).isEqualTo(12L);
    }

    @Test
    void workThatIsCancelledInTheGatesLineNeverRuns() {
        holder.begin(TransactionMode.IMMEDIATE).block(WAIT);
        Disposable first = other.execute(write(INSERT, "first")).subscribe();
        Disposable behindIt = other.execute(write(INSERT, "second")).subscribe();
        behindIt.dispose();
        first.dispose();
        holder.commit().block(WAIT);
        gateIsFree();
        assertThat(rows(holder, "SELECT name FROM t")).containsExactly(List.of("free"));
        assertThat(other.validate(true).block(WAIT)).isTrue();
    }

    @Test
    void closingASessionFailsWhatWaitsInIt() {
        holder.begin(TransactionMode.IMMEDIATE).block(WAIT);
        List<CompletableFuture<List<Answer>>> waiting = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            waiting.add(other.execute(write(INSERT, "never")).collectList().toFuture());
        }
        other.close().block(WAIT);
        for (CompletableFuture<List<Answer>> work : waiting) {
            assertThat(work)
                    .failsWithin(WAIT)
                    .withThrowableOfType(java.util.concurrent.ExecutionException.class)
                    .withCauseInstanceOf(R2dbcException.class)
                    .withMessageContaining("the session was closed");
        }
        holder.commit().block(WAIT);
        gateIsFree();
    }

    @Test
    void theGateIsLeftAfterEveryFailure() {
        assertThatThrownBy(() -> write(other, "INSERT INTO missing VALUES (1)")).isInstanceOf(R2dbcException.class);
        gateIsFree();
        assertThatThrownBy(
                        () -> run(other, unit(Call.write(INSERT, "a"), Call.write("INSERT INTO t VALUES (1, 2, 3)"))))
                .isInstanceOf(R2dbcException.class);
        gateIsFree();
        assertThatThrownBy(() -> write(other, "BEGIN")).isInstanceOf(R2dbcException.class);
        gateIsFree();
        other.begin(TransactionMode.DEFERRED).block(WAIT);
        assertThatThrownBy(() -> write(other, "INSERT INTO missing VALUES (1)")).isInstanceOf(R2dbcException.class);
        other.rollback().block(WAIT);
        gateIsFree();
    }

    @Test
    void randomCancelsNeverLoseTheGate() {
        List<Session> sessions =
                IntStream.range(0, 8).mapToObj(i -> database.open()).toList();
        Flux.range(0, 400)
                .flatMap(
                        i -> {
                            Session session = sessions.get(i % sessions.size());
                            Mono<Void> work = i % 3 == 0
                                    ? session.execute(unit(Call.write(INSERT, "a"), Call.write(INSERT, "b")))
                                            .then()
                                    : session.execute(write(INSERT, "a")).then();
                            return work.timeout(Duration.ofNanos((i * 7919L) % 2_000_000L))
                                    .onErrorResume(java.util.concurrent.TimeoutException.class, e -> Mono.empty());
                        },
                        16)
                .then()
                .block(WAIT);
        for (Session session : sessions) {
            write(session, INSERT, "works"); // after what was cancelled while it ran has stopped
        }
        gateIsFree();
    }

    @Test
    void stepsOfASessionRunInTheOrderOfSubscription() {
        List<CompletableFuture<List<Answer>>> inserted = new ArrayList<>();
        for (long i = 0; i < 100; i++) {
            inserted.add(other.execute(write(INSERT, i)).collectList().toFuture());
        }
        CompletableFuture<List<Answer>> counted =
                other.execute(read("SELECT count(*) FROM t")).collectList().toFuture();
        assertThat(counted).succeedsWithin(30, TimeUnit.SECONDS);
        assertThat(counted.join().get(0).rows().get(0)).containsExactly(100L);
        assertThat(inserted).allSatisfy(work -> assertThat(work).succeedsWithin(WAIT));
        assertThat(rows(other, "SELECT name FROM t ORDER BY id"))
                .isEqualTo(IntStream.range(0, 100)
                        .mapToObj(i -> List.of((Object) (long) i))
                        .toList());
    }
}
