package dev.pollux.r2dbc.local;

import static dev.pollux.r2dbc.local.Database.WAIT;
import static dev.pollux.r2dbc.local.Database.read;
import static dev.pollux.r2dbc.local.Database.run;
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
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.subscriber.TestSubscriber;

/** Reads on a file give their rows in portions, as they are wanted. */
class StreamingTest {

    private static final String COUNT =
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT ?1)" + " SELECT x FROM n";
    private static final String ENDLESS =
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n";
    private static final String SLOW_AT_THE_END =
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)" + " SELECT x FROM n WHERE x <= 300";

    @TempDir
    Path folder;

    private Database database;
    private Session session;

    @BeforeEach
    void open() {
        database = Database.file(folder);
        session = database.open();
        write(session, "CREATE TABLE t(id INTEGER PRIMARY KEY, name)");
        write(session, "INSERT INTO t(name) SELECT 'n' || x FROM (" + COUNT + ")", 1000L);
    }

    @AfterEach
    void close() {
        database.close();
    }

    private Answer first(String sql, int fetchSize) {
        return run(session, new Work(List.of(Call.read(sql)), fetchSize)).get(0);
    }

    private static Flux<List<@Nullable Object[]>> more(Answer answer) {
        return Objects.requireNonNull(answer.more());
    }

    private static List<Object> firsts(List<@Nullable Object[]> rows) {
        return rows.stream().map(row -> Objects.requireNonNull(row[0])).toList();
    }

    private static List<Object> numbers(long from, long to) {
        return LongStream.rangeClosed(from, to).mapToObj(i -> (Object) i).toList();
    }

    /** Whether no session keeps a snapshot of the database: only then can the whole WAL be reset. */
    private boolean noCursorIsOpen() throws SQLException {
        try (Jdbc stranger = new Jdbc(folder.resolve("test.db"))) {
            stranger.run("PRAGMA busy_timeout = 0");
            stranger.run("INSERT INTO t(name) VALUES ('later')");
            return stranger.number("PRAGMA wal_checkpoint(TRUNCATE)") == 0;
        }
    }

    @Test
    void rowsComeInPortionsOfTheFetchSize() {
        Answer answer = first("SELECT id FROM t WHERE id <= 25", 10);
        assertThat(firsts(answer.rows())).isEqualTo(numbers(1, 10));
        StepVerifier.create(more(answer).map(StreamingTest::firsts))
                .expectNext(numbers(11, 20))
                .expectNext(numbers(21, 25))
                .expectComplete()
                .verify(WAIT);
    }

    @Test
    void withoutAFetchSizeTheFirstPortionHas256RowsAndLaterOnes1024() throws SQLException {
        Answer answer = first("SELECT a.id FROM t a JOIN t b ON b.id <= 3", 0);
        assertThat(answer.rows()).hasSize(256);
        assertThat(more(answer).map(List::size).collectList().block(WAIT)).containsExactly(1024, 1024, 696);
        assertThat(noCursorIsOpen()).isTrue();
    }

    @Test
    void anAnswerThatFitsIsWholeAndHoldsNoCursor() throws SQLException {
        Answer answer = first("SELECT id FROM t WHERE id <= 10", 10);
        assertThat(answer.rows()).hasSize(10);
        assertThat(answer.more()).isNull();
        assertThat(first("SELECT id FROM t WHERE id < 0", 10).rows()).isEmpty();
        assertThat(noCursorIsOpen()).isTrue();
    }

    @Test
    void bigRowsMakeSmallPortions() {
        Answer answer = first("SELECT zeroblob(100000) FROM t LIMIT 7", 0);
        assertThat(answer.rows()).hasSize(3);
        assertThat(more(answer).map(List::size).collectList().block(WAIT)).containsExactly(3, 1);
        Answer huge = first("SELECT zeroblob(4000000) FROM t LIMIT 2", 0);
        assertThat(huge.rows()).hasSize(1);
        assertThat(more(huge).map(List::size).collectList().block(WAIT)).containsExactly(1);
    }

    @Test
    void nothingIsReadAhead() {
        Answer answer = first(ENDLESS, 10);
        AtomicInteger portions = new AtomicInteger();
        StepVerifier.create(more(answer).doOnNext(rows -> portions.incrementAndGet()), 0)
                .expectSubscription()
                .then(() -> settle())
                .then(() -> assertThat(portions).hasValue(0))
                .thenRequest(1)
                .assertNext(rows -> assertThat(firsts(rows)).isEqualTo(numbers(11, 20)))
                .then(() -> settle())
                .then(() -> assertThat(portions).hasValue(1))
                .thenRequest(2)
                .assertNext(rows -> assertThat(firsts(rows)).isEqualTo(numbers(21, 30)))
                .assertNext(rows -> assertThat(firsts(rows)).isEqualTo(numbers(31, 40)))
                .then(() -> settle())
                .then(() -> assertThat(portions).hasValue(3))
                .thenCancel()
                .verify(WAIT);
        assertThat(value(session, "SELECT 1")).isEqualTo(1L);
    }

    /** Waits until the session has done all it had to do; validating touches no cursor. */
    private void settle() {
        CompletableFuture<Boolean> validated = session.validate(true).toFuture();
        assertThat(validated).succeedsWithin(WAIT);
    }

    @Test
    void portionsComeOnTheParallelScheduler() {
        assertThat(more(first("SELECT id FROM t", 10))
                        .map(rows -> Schedulers.isInNonBlockingThread())
                        .all(parallel -> parallel)
                        .block(WAIT))
                .isTrue();
    }

    @Test
    void cancellingClosesTheCursor() throws SQLException {
        Answer answer = first("SELECT id FROM t", 10);
        assertThat(noCursorIsOpen()).isFalse();
        assertThat(more(answer).next().block(WAIT)).hasSize(10);
        settle();
        assertThat(noCursorIsOpen()).isTrue();
    }

    @Test
    void cancellingStopsARead() {
        Answer answer = first(SLOW_AT_THE_END, 100);
        more(answer).take(1).blockLast(WAIT);
        assertThat(value(session, "SELECT 1")).isEqualTo(1L);
        Answer again = first(SLOW_AT_THE_END, 200);
        more(again).subscribe().dispose();
        assertThat(value(session, "SELECT 1")).isEqualTo(1L);
    }

    @Test
    void anAnswerThatNobodyTakesLeavesNoCursor() {
        for (int i = 0; i < 500; i++) {
            BaseSubscriber<Answer> withoutDemand = new BaseSubscriber<>() {
                @Override
                protected void hookOnSubscribe(Subscription subscription) {
                    // takes nothing
                }
            };
            session.execute(new Work(List.of(Call.read("SELECT id FROM t")), 10))
                    .subscribe(withoutDemand);
            if (i % 10 == 0) {
                settle();
            }
            withoutDemand.cancel();
        }
        assertTimeoutPreemptively(WAIT, () -> {
            while (!noCursorIsOpen()) {
                settle(); // what was on its way is discarded on Reactor's threads
            }
        });
    }

    @Test
    void rowsCanBeReadOnce() {
        Flux<List<@Nullable Object[]>> more = more(first("SELECT id FROM t", 10));
        assertThat(more.count().block(WAIT)).isEqualTo(99);
        StepVerifier.create(more).expectError(IllegalStateException.class).verify(WAIT);
    }

    @Test
    void otherWorkMayComeBetweenPortions() {
        Answer answer = first("SELECT id FROM t", 10);
        List<Object> seen = new ArrayList<>(firsts(answer.rows()));
        write(database.open(), "INSERT INTO t(name) VALUES ('another connection has written')");
        more(answer)
                .concatMap(
                        rows -> session.execute(write("UPDATE t SET name = 'seen' WHERE id <= ?1", (long) seen.size()))
                                .then()
                                .thenReturn(rows))
                .doOnNext(rows -> seen.addAll(firsts(rows)))
                .blockLast(WAIT);
        assertThat(seen).isEqualTo(numbers(1, 1000));
        assertThat(value(session, "SELECT count(*) FROM t WHERE name = 'seen'")).isEqualTo(990L);
    }

    @Test
    void oneStatementMayBeReadTwiceAtOnce() {
        Answer one = first("SELECT id FROM t", 400);
        Answer two = first("SELECT id FROM t", 400);
        List<List<@Nullable Object[]>> ones =
                Objects.requireNonNull(more(one).collectList().block(WAIT));
        List<List<@Nullable Object[]>> twos =
                Objects.requireNonNull(more(two).collectList().block(WAIT));
        assertThat(firsts(ones.get(0))).isEqualTo(numbers(401, 800));
        assertThat(firsts(twos.get(0))).isEqualTo(numbers(401, 800));
        assertThat(firsts(ones.get(1))).isEqualTo(firsts(twos.get(1))).isEqualTo(numbers(801, 1000));
    }

    @Test
    void aReadInATransactionSurvivesItsEnd() {
        session.begin(TransactionMode.IMMEDIATE).block(WAIT);
        write(session, "INSERT INTO t(name) VALUES ('mine')");
        Answer answer = first("SELECT id FROM t", 500);
        session.rollback().block(WAIT);
        assertThat(more(answer).map(List::size).collectList().block(WAIT)).containsExactly(500, 1);
    }

    @Test
    void rowsThatAreTooMuchToKeepFailWithTheRemedy() {
        Answer answer = first("SELECT zeroblob(1000000), x FROM (" + ENDLESS + ")", 10);
        write(session, "INSERT INTO t(name) VALUES ('other work')");
        assertThatThrownBy(() -> more(answer).blockLast(WAIT))
                .isInstanceOf(R2dbcNonTransientResourceException.class)
                .hasMessageContaining("use another connection");
        write(session, "INSERT INTO t(name) VALUES ('goes on')");
    }

    @Test
    void aPortionThatTakesTooLongFails() {
        session.statementTimeout(Duration.ofMillis(50));
        Answer answer = first(SLOW_AT_THE_END, 200);
        assertThatThrownBy(() -> more(answer).blockLast(WAIT)).isInstanceOf(R2dbcTimeoutException.class);
        assertThat(value(session, "SELECT 1")).isEqualTo(1L);
    }

    @Test
    void rowsOfAClosedSessionFail() {
        Answer answer = first("SELECT id FROM t", 10);
        Answer reading = first(SLOW_AT_THE_END, 200);
        CompletableFuture<Long> slow = more(reading).count().toFuture();
        session.close().block(WAIT);
        assertThat(slow).failsWithin(WAIT);
        assertThatThrownBy(() -> more(answer).blockLast(WAIT))
                .isInstanceOf(R2dbcException.class)
                .hasMessageContaining("the session was closed");
    }

    @Test
    void rowsReadAheadAreGivenBeforeTheErrorOfASessionThatWasClosedMeanwhile() {
        Answer answer = first("SELECT id FROM t", 10);
        TestSubscriber<List<@Nullable Object[]>> subscriber =
                TestSubscriber.builder().initialRequest(1).build();
        more(answer).subscribe(subscriber);
        // Tasks and signals come in their order: after the third answer two portions have been read.
        for (int i = 0; i < 3; i++) {
            assertThat(session.validate(true).block(WAIT)).isTrue();
        }
        session.close().block(WAIT);

        subscriber.request(Long.MAX_VALUE);
        subscriber.block(WAIT);

        assertThat(subscriber.getReceivedOnNext().stream()
                        .map(StreamingTest::firsts)
                        .toList())
                .containsExactly(numbers(11, 20), numbers(21, 30));
        assertThat(subscriber.expectTerminalError()).hasMessageContaining("the session was closed");
    }

    @Test
    void rowsOfAWriteAreReadWholeBeforeTheGateIsLeft() throws SQLException {
        Answer answer = run(session, new Work(List.of(Call.write("UPDATE t SET name = id RETURNING id")), 10))
                .get(0);
        assertThat(answer.more()).isNull();
        assertThat(firsts(answer.rows())).isEqualTo(numbers(1, 1000));
        assertThat(answer.rowsAffected()).isEqualTo(1000);
        assertThat(noCursorIsOpen()).isTrue();
    }

    @Test
    void readsInMemoryAreWhole() {
        try (Database memory = Database.memory()) {
            Answer answer = run(memory.open(), read(COUNT, 1000L)).get(0);
            assertThat(answer.more()).isNull();
            assertThat(firsts(answer.rows())).isEqualTo(numbers(1, 1000));
        }
    }
}
