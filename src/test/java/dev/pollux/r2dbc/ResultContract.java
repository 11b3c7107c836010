package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.Clob;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Results: their rows at the reader's pace, their counts and segments. */
interface ResultContract extends Driven {

    private Flux<Long> numbersTo(long last) {
        return Flux.from(connection()
                        .createStatement(
                                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ?) SELECT i FROM n")
                        .bind(0, last)
                        .execute())
                .concatMap(result -> result.map(row -> (Long) row.get(0)));
    }

    @Test
    default void manyRowsComeInOrderAndAsTheyAreAskedFor() {
        StepVerifier.create(numbersTo(20_000), 0)
                .thenRequest(1)
                .expectNext(1L)
                .thenRequest(999)
                .expectNextCount(999)
                .thenRequest(Long.MAX_VALUE)
                .expectNextSequence(
                        LongStream.rangeClosed(1_001, 20_000).boxed().toList())
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    default void aReaderMayStopAndTheConnectionGoesOn() {
        for (int i = 0; i < 3; i++) {
            assertThat(Driven.all(numbersTo(100_000).take(10))).hasSize(10);
            assertThat(query(Long.class, "SELECT 1")).containsExactly(1L);
        }
    }

    @Test
    default void anUnreadResultDoesNotHoldTheConnectionUp() {
        Result unread = Driven.all(connection()
                        .createStatement("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000)"
                                + " SELECT i FROM n")
                        .execute())
                .get(0);

        run("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)");

        assertThat(query(Long.class, "SELECT n FROM t")).containsExactly(1L);
        assertThat(unread).isNotNull();
    }

    @Test
    default void whoeverTakesOnlyTheFirstResultReadsAllItsRows() {
        for (Object last : List.of(20_000L, Clob.from(Mono.just("20000")))) {
            Mono<Long> count = Mono.from(connection()
                            .createStatement("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                                    + " WHERE i < CAST(? AS INTEGER)) SELECT i FROM n")
                            .bind(0, last)
                            .execute())
                    .flatMapMany(result -> result.map(row -> 1))
                    .count();

            assertThat(Driven.all(count)).containsExactly(20_000L);
        }
    }

    @Test
    default void eachRowMayRunAStatementOfItsOwn() {
        run("CREATE TABLE t (n INTEGER)");

        Flux<Long> counts = numbersTo(2_000)
                .concatMap(n -> Flux.from(connection()
                                .createStatement("INSERT INTO t VALUES (?)")
                                .bind(0, n)
                                .execute())
                        .concatMap(Result::getRowsUpdated));

        Driven.all(connection().beginTransaction());
        assertThat(Driven.all(counts)).hasSize(2_000).containsOnly(1L);
        Driven.all(connection().commitTransaction());
    }

    /** 12 MB, more than a server's plain answer holds. */
    private Flux<Integer> wideRows(int count) {
        return Flux.from(connection()
                        .createStatement("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ?)"
                                + " SELECT i, zeroblob(1000) AS wide FROM n")
                        .bind(0, count)
                        .execute())
                .concatMap(result -> result.map(row -> row.get("i", Integer.class)));
    }

    @Test
    default void twoLargeResultsOfOneTransactionAreReadSideBySide() {
        Driven.all(connection().beginTransaction());
        StepVerifier.create(Flux.zip(wideRows(12_000), wideRows(12_000), Integer::sum)
                        .reduce(0L, Long::sum))
                .expectNext(12_000L * 12_001)
                .expectComplete()
                .verify(PATIENCE);
        Driven.all(connection().commitTransaction());
    }

    @Test
    default void countsAreOfTheRowsChanged() {
        run("CREATE TABLE t (n INTEGER)");
        assertThat(counts("INSERT INTO t VALUES (1), (2), (3)")).containsExactly(3L);
        assertThat(counts("UPDATE t SET n = 0 WHERE n > 1")).containsExactly(2L);
        assertThat(counts("DELETE FROM t WHERE n = 9")).containsExactly(0L);
        assertThat(counts("SELECT n FROM t")).isEmpty();
        assertThat(counts("DELETE FROM t RETURNING n")).containsExactly(3L);
    }

    private List<Long> counts(String sql) {
        return Driven.all(Flux.from(connection().createStatement(sql).execute()).concatMap(Result::getRowsUpdated));
    }

    @Test
    default void aFilterThatWantsNothingLeavesNothing() {
        run("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)");
        for (String sql : List.of("SELECT n FROM t", "INSERT INTO t VALUES (2)")) {
            Flux<Object> none = Flux.from(connection().createStatement(sql).execute())
                    .concatMap(result -> result.filter(segment -> false).flatMap(Mono::just));
            StepVerifier.create(none).verifyComplete();
        }
        assertThat(query(Long.class, "SELECT count(*) FROM t")).containsExactly(2L);
    }

    @Test
    default void aResultIsConsumedOnce() {
        Result result =
                Driven.all(connection().createStatement("SELECT 1").execute()).get(0);
        Driven.all(result.map(row -> 1));

        assertThatThrownBy(() -> result.map(row -> 1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    default void aMappingFunctionsErrorIsTheReadersErrorAndTheConnectionGoesOn() {
        StepVerifier.create(numbersTo(100_000).map(n -> 1 / (n - 5)))
                .expectNextCount(4)
                .expectError(ArithmeticException.class)
                .verify(PATIENCE);
        assertThat(query(Long.class, "SELECT 1")).containsExactly(1L);
    }

    @Test
    default void theFetchSizeIsHeededOrIgnoredButNeverWrong() {
        Flux<Long> rows = Flux.from(connection()
                        .createStatement("VALUES (1), (2), (3), (4), (5)")
                        .fetchSize(2)
                        .execute())
                .concatMap(result -> result.map(row -> (Long) row.get(0)));

        assertThat(Driven.all(rows)).containsExactly(1L, 2L, 3L, 4L, 5L);
    }

    @Test
    default void segmentsAreTheRowsAndThenTheCountAndAFilterChoosesAmongThem() {
        run("CREATE TABLE t (n INTEGER)");
        String sql = "INSERT INTO t VALUES (1), (2), (3) RETURNING n";

        assertThat(Driven.all(execute(sql).concatMap(result -> result.flatMap(ResultContract::shown))))
                .containsExactly("row 1", "row 2", "row 3", "count 3");
        assertThat(Driven.all(execute(sql)
                        .concatMap(result -> result.filter(Result.UpdateCount.class::isInstance)
                                .flatMap(ResultContract::shown))))
                .containsExactly("count 3");
        assertThat(Driven.all(execute(sql)
                        .concatMap(result -> result.filter(Result.RowSegment.class::isInstance)
                                .filter(segment -> number(segment) != 2)
                                .map(row -> row.get(0, Long.class)))))
                .containsExactly(1L, 3L);
        assertThat(query(Long.class, "SELECT count(*) FROM t")).containsExactly(9L);
    }

    private Flux<Result> execute(String sql) {
        return Flux.from(connection().createStatement(sql).execute());
    }

    private static Mono<String> shown(Result.Segment segment) {
        return Mono.just(
                segment instanceof Result.UpdateCount count ? "count " + count.value() : "row " + number(segment));
    }

    private static long number(Result.Segment segment) {
        return Objects.requireNonNull(((Result.RowSegment) segment).row().get(0, Long.class));
    }

    @Test
    default void segmentsMayBeMappedToStatementsOfTheSameConnection() {
        run("CREATE TABLE t (n INTEGER); CREATE TABLE u (n INTEGER); INSERT INTO t VALUES (1), (2)");

        Flux<Long> copied = execute("SELECT n FROM t ORDER BY n")
                .concatMap(result -> result.flatMap(segment -> Flux.from(connection()
                                .createStatement("INSERT INTO u VALUES (?)")
                                .bind(0, number(segment))
                                .execute())
                        .concatMap(Result::getRowsUpdated)));

        assertThat(Driven.all(copied)).containsExactly(1L, 1L);
        assertThat(query(Long.class, "SELECT n FROM u ORDER BY n")).containsExactly(1L, 2L);
    }

    @Test
    default void aRowOutlivesItsMapping() {
        List<Row> rows =
                Driven.all(execute("VALUES (1, 'a'), (2, 'b')").concatMap(result -> result.map((row, m) -> row)));

        assertThat(rows)
                .extracting(row -> row.get(0, Long.class) + row.get(1, String.class))
                .containsExactly("1a", "2b");
        assertThat(rows.get(0).getMetadata().getColumnMetadatas()).hasSize(2);
    }
}
