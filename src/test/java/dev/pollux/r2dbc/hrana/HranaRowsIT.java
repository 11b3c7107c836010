package dev.pollux.r2dbc.hrana;

import static dev.pollux.r2dbc.hrana.Remote.PATIENCE;
import static dev.pollux.r2dbc.hrana.Remote.read;
import static dev.pollux.r2dbc.hrana.Remote.value;
import static dev.pollux.r2dbc.hrana.Remote.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Faults;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import dev.pollux.r2dbc.transport.Work;
import dev.pollux.testing.Sqld;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** Answers that are read as they come. */
class HranaRowsIT {

    /** ?1 rows of a number and 200 characters. */
    private static final String MANY =
            "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ?1) SELECT i, printf('%0200d', i) FROM c";

    private final Sqld sqld = Sqld.shared();
    private final Remote remote = new Remote(sqld.url());

    @BeforeEach
    void emptyTable() {
        sqld.reset();
        write(remote.open(), "CREATE TABLE t(v)");
    }

    @AfterEach
    void closeRemote() {
        remote.close();
    }

    @Test
    void anAnswerOverTenMegabytesIsStreamed() {
        Session session = remote.open();

        Answer answer = read(session, MANY, 100_000L);

        assertThat(answer.more()).isNotNull();
        assertThat(answer.columns()).hasSize(2);
        assertNumbered(answer, 100_000);
    }

    @Test
    void aFetchSizeStreamsPortionsOfThatSizeOnDemand() {
        Session session = remote.open();

        Answer answer = stream(session, 1_000, 10);

        assertThat(answer.rows()).hasSize(10);
        StepVerifier.create(more(answer), 0)
                .expectSubscription()
                .thenRequest(1)
                .assertNext(rows -> assertThat(rows).hasSize(10))
                .thenRequest(1)
                .assertNext(rows -> assertThat(rows.get(0)[0]).isEqualTo(21L))
                .thenCancel()
                .verify(PATIENCE);
        assertThat(value(session, "SELECT 1")).isEqualTo(1L);
    }

    @Test
    void allRowsArriveInOrderThroughPortions() {
        assertNumbered(stream(remote.open(), 5_000, 7), 5_000);
    }

    @Test
    void anAnswerThatFitsInOnePortionHasNoMore() {
        Answer answer = stream(remote.open(), 3, 10);

        assertThat(answer.more()).isNull();
        assertThat(answer.rows()).hasSize(3);
    }

    /** A server keeps at most 128 streams open, so a leak shows. */
    @Test
    void rowsThatAreCancelledOrReadToTheEndLeaveNoStreamBehind() {
        Session session = remote.open();

        for (int i = 0; i < 150; i++) {
            more(stream(session, 100, 10)).blockFirst(PATIENCE);
            more(stream(session, 30, 10)).blockLast(PATIENCE);
        }

        assertThat(value(session, "SELECT 1")).isEqualTo(1L);
    }

    @Test
    void anAnswerThatNobodyTakesLeavesNoStreamBehind() {
        Session session = remote.open();

        for (int i = 0; i < 150; i++) {
            BaseSubscriber<Answer> without = new BaseSubscriber<>() {
                @Override
                protected void hookOnSubscribe(Subscription subscription) {
                    // It never asks for the answer.
                }
            };
            session.execute(new Work(List.of(Call.read(MANY, 100L)), 10)).subscribe(without);
            // Its turn comes when the answer is there.
            value(session, "SELECT 1");
            without.cancel();
        }

        assertThat(value(session, "SELECT 1")).isEqualTo(1L);
    }

    /** The rows never end; each reader takes 10. The server would run out of streams if any of them ran on. */
    @Test
    void aReaderWhoCancelsStopsTheServersWork() {
        String endless =
                "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c) SELECT i, printf('%0200d', i) FROM c";
        try (Sqld own = Sqld.start();
                Remote there = new Remote(own.url())) {
            Session session = there.open();
            for (int i = 0; i < 140; i++) {
                List<Object> numbers = session.execute(new Work(List.of(Call.read(endless)), 4))
                        .concatMap(answer -> Flux.fromIterable(answer.rows())
                                .concatWith(more(answer).concatMapIterable(rows -> rows)))
                        .map(row -> Objects.requireNonNull(row[0]))
                        .take(10)
                        .collectList()
                        .block(PATIENCE);
                assertThat(numbers).hasSize(10).endsWith(10L);
            }

            Duration quiet = Flux.interval(Duration.ofMillis(500))
                    .map(tick -> own.cpuTime())
                    .buffer(2, 1)
                    .filter(two -> two.get(0).equals(two.get(1)))
                    .map(two -> two.get(0))
                    .blockFirst(PATIENCE);
            assertThat(quiet).isPositive();
            write(session, "CREATE TABLE u(v)");
            assertThat(value(session, "SELECT count(*) FROM u")).isEqualTo(0L);
        }
    }

    @Test
    void rowsCanBeReadOnlyOnce() {
        Answer answer = stream(remote.open(), 1_000, 10);
        more(answer).blockFirst(PATIENCE);

        assertThatThrownBy(() -> more(answer).blockFirst(PATIENCE)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void otherWorkOfTheSessionRunsBetweenThePortions() {
        Session session = remote.open();

        Long sum = more(stream(session, 1_000, 100))
                .concatMap(rows -> session.execute(Work.of(Call.write("INSERT INTO t VALUES (?1)", rows.get(0)[0])))
                        .map(Answer::rowsAffected))
                .reduce(0L, Long::sum)
                .block(PATIENCE);

        assertThat(sum).isEqualTo(9L);
    }

    @Test
    void anErrorAmongTheRowsEndsThem() {
        Session session = remote.open();
        String overflows = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 1000)"
                + " SELECT CASE i WHEN 500 THEN abs(-9223372036854775808) ELSE i END FROM c";

        Answer answer =
                session.execute(new Work(List.of(Call.read(overflows)), 10)).blockLast(PATIENCE);

        assertThatThrownBy(() -> more(answer).blockLast(PATIENCE))
                .isInstanceOf(R2dbcException.class)
                .hasMessageContaining("integer overflow");
    }

    @Test
    void aBadStatementFailsTheSameWithAFetchSize() {
        Session session = remote.open();

        assertThatThrownBy(() -> session.execute(new Work(List.of(Call.read("SELEC 1")), 10))
                        .blockLast(PATIENCE))
                .isInstanceOf(R2dbcBadGrammarException.class);
        assertThatThrownBy(() -> session.execute(new Work(List.of(Call.read("SELECT * FROM nope")), 10))
                        .blockLast(PATIENCE))
                .isInstanceOf(R2dbcBadGrammarException.class)
                .hasMessageContaining("no such table: nope");
    }

    @Test
    void inATransactionTheRowsAreKeptForTheirReaderWhenOtherWorkComes() {
        Session session = remote.open();
        session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
        write(session, "INSERT INTO t VALUES (1)");
        Answer answer = read(session, MANY, 100_000L);
        write(session, "INSERT INTO t VALUES (2)");
        session.commit().block(PATIENCE);

        assertNumbered(answer, 100_000);
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(2L);
    }

    @Test
    void inATransactionRowsThatAreTooManyToKeepEndWithAnErrorAndTheTransactionGoesOn() {
        Session session = remote.open();
        session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
        String wide =
                "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c LIMIT ?1) SELECT zeroblob(1000000) FROM c";
        Answer answer = read(session, wide, 80L);

        write(session, "INSERT INTO t VALUES (1)");
        session.commit().block(PATIENCE);

        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(1L);
        StepVerifier.create(more(answer).flatMapIterable(rows -> rows).count())
                .expectErrorSatisfies(e -> assertThat(e)
                        .isInstanceOf(R2dbcException.class)
                        .hasMessageContaining("64 MB")
                        .hasMessageContaining("read them first"))
                .verify(PATIENCE);
    }

    @Test
    void inATransactionCancelledRowsLeaveTheTransactionUsable() {
        Session session = remote.open();
        session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
        write(session, "INSERT INTO t VALUES (1)");

        more(read(session, MANY, 100_000L)).blockFirst(PATIENCE);
        write(session, "INSERT INTO t VALUES (2)");
        session.commit().block(PATIENCE);

        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(2L);
    }

    @Test
    void aRollbackDoesNotWaitForRowsThatNobodyReads() {
        Session session = remote.open();
        session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
        write(session, "INSERT INTO t VALUES (1)");
        Answer abandoned = read(session, MANY, 100_000L);

        session.rollback().block(PATIENCE);

        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L);
        assertThatThrownBy(() -> more(abandoned).blockLast(PATIENCE)).isInstanceOf(R2dbcException.class);
    }

    @Test
    void closingTheSessionCutsItsRows() {
        Session session = remote.open();
        Answer answer = stream(session, 100_000, 10);

        session.close().block(PATIENCE);

        assertThatThrownBy(() -> more(answer).blockLast(PATIENCE))
                .isInstanceOfSatisfying(
                        R2dbcException.class, e -> assertThat(e.getSqlState()).isEqualTo(Faults.SESSION_GONE));
    }

    private static Answer stream(Session session, long rows, int fetchSize) {
        return Objects.requireNonNull(session.execute(new Work(List.of(Call.read(MANY, rows)), fetchSize))
                .blockLast(PATIENCE));
    }

    private static Flux<List<@Nullable Object[]>> more(@Nullable Answer answer) {
        return Objects.requireNonNull(Objects.requireNonNull(answer).more());
    }

    private static void assertNumbered(Answer answer, int count) {
        List<Object> numbers = new ArrayList<>();
        answer.rows().forEach(row -> numbers.add(row[0]));
        more(answer).doOnNext(rows -> rows.forEach(row -> numbers.add(row[0]))).blockLast(PATIENCE);
        assertThat(numbers).hasSize(count);
        for (int i = 0; i < count; i++) {
            assertThat(numbers.get(i)).isEqualTo(i + 1L);
        }
    }
}
