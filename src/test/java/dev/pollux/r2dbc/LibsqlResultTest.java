package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Column;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;

/** How a result is read, on answers that the test scripts. */
class LibsqlResultTest {

    private static final List<Column> COLUMN = List.of(new Column("n", "INTEGER"));

    private final ScriptedSession session = new ScriptedSession();
    private final LibsqlConnection connection = session.connect();

    private static List<@Nullable Object[]> rows(long... values) {
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (long value : values) {
            rows.add(new @Nullable Object[] {value});
        }
        return rows;
    }

    private static Answer open(Flux<List<@Nullable Object[]>> more, long... first) {
        return new Answer(COLUMN, rows(first), more, 0);
    }

    private Result select(Answer answer) {
        session.answer(answer);
        return result("SELECT n FROM t");
    }

    private Result result(String sql) {
        return Objects.requireNonNull(
                Mono.from(connection.createStatement(sql).execute()).block());
    }

    private static Long number(Row row) {
        return Objects.requireNonNull(row.get(0, Long.class));
    }

    private static Flux<Long> numbers(Result result) {
        return Flux.from(result.map((row, metadata) -> number(row)));
    }

    @Test
    void wholeAnswersAreGivenAsTheyAreAskedFor() {
        StepVerifier.create(numbers(select(Answer.whole(COLUMN, rows(1, 2, 3), 0))), 0)
                .thenRequest(1)
                .expectNext(1L)
                .thenRequest(2)
                .expectNext(2L, 3L)
                .verifyComplete();
    }

    @Test
    void furtherRowsAreAskedForOnePortionAhead() {
        TestPublisher<List<@Nullable Object[]>> more = TestPublisher.create();

        StepVerifier.create(numbers(select(open(more.flux(), 1, 2))), 0)
                .thenRequest(2)
                .expectNext(1L, 2L)
                .then(() -> more.assertMaxRequested(1))
                .then(() -> more.next(rows(3, 4)))
                .then(() -> more.assertMaxRequested(1))
                .thenRequest(9)
                .expectNext(3L, 4L)
                .then(more::complete)
                .verifyComplete();
    }

    @Test
    void cancellingEndsTheReadingInTheDatabase() {
        TestPublisher<List<@Nullable Object[]>> more = TestPublisher.create();

        StepVerifier.create(numbers(select(open(more.flux(), 1, 2))).take(1))
                .expectNext(1L)
                .verifyComplete();

        more.assertCancelled();
    }

    @Test
    void takingOnlyTheFirstResultDoesNotCancelItsRows() {
        TestPublisher<List<@Nullable Object[]>> more = TestPublisher.create();

        StepVerifier.create(numbers(select(open(more.flux(), 1))))
                .expectNext(1L)
                .then(() -> more.next(rows(2)))
                .then(more::complete)
                .expectNext(2L)
                .verifyComplete();
    }

    @Test
    void anUnreadResultFreesItsCursorWhenTheConnectionIsUsedAgain() {
        TestPublisher<List<@Nullable Object[]>> more = TestPublisher.create();
        Result unread = select(open(more.flux(), 1));

        result("SELECT 1");

        more.assertCancelled();
        assertThatThrownBy(() -> numbers(unread))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("used again");
    }

    @Test
    void theCountOfAReadingStatementIsEmptyAndFreesTheCursor() {
        TestPublisher<List<@Nullable Object[]>> more = TestPublisher.create();

        StepVerifier.create(select(open(more.flux(), 1)).getRowsUpdated()).verifyComplete();

        more.assertCancelled();
    }

    @Test
    void aResultIsReadOnlyOnce() {
        Result result = select(Answer.whole(COLUMN, rows(1), 0));
        Flux<Long> numbers = numbers(result);

        StepVerifier.create(numbers).expectNext(1L).verifyComplete();

        StepVerifier.create(numbers).verifyError(IllegalStateException.class);
        assertThatThrownBy(result::getRowsUpdated).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> result.filter(segment -> true)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void segmentsAreTheRowsAndThenTheCount() {
        session.answer(Answer.whole(COLUMN, rows(1, 2), 2));

        StepVerifier.create(result("INSERT INTO t VALUES (1), (2) RETURNING n")
                        .flatMap(segment -> Mono.just(
                                segment instanceof Result.RowSegment row
                                        ? "row " + number(row.row())
                                        : "count " + ((Result.UpdateCount) segment).value())))
                .expectNext("row 1", "row 2", "count 2")
                .verifyComplete();
    }

    @Test
    void aFilterDecidesWhatIsLeftOfRowsAndCount() {
        Result rows = select(Answer.whole(COLUMN, rows(1, 2, 3), 0));
        StepVerifier.create(numbers(
                        rows.filter(segment -> segment instanceof Result.RowSegment row && number(row.row()) > 1)))
                .expectNext(2L, 3L)
                .verifyComplete();

        session.answer(Answer.whole(List.of(), List.of(), 5));
        StepVerifier.create(result("DELETE FROM t")
                        .filter(Result.RowSegment.class::isInstance)
                        .getRowsUpdated())
                .verifyComplete();
    }

    @Test
    void anErrorBetweenRowsIsTheLastSegmentAndAnErrorOfMap() {
        R2dbcTransientResourceException broken = new R2dbcTransientResourceException("broken", "08001", 7);

        StepVerifier.create(numbers(select(open(Flux.error(broken), 1))))
                .expectNext(1L)
                .verifyErrorMatches(e -> e == broken);
        StepVerifier.create(Flux.from(select(open(Flux.error(broken), 1)).flatMap(Mono::just))
                        .map(segment -> segment instanceof Result.Message message
                                ? message.message() + " " + message.sqlState() + " " + message.errorCode()
                                : "row"))
                .expectNext("row", "broken 08001 7")
                .verifyComplete();
        StepVerifier.create(numbers(
                        select(open(Flux.error(broken), 1)).filter(segment -> !(segment instanceof Result.Message))))
                .expectNext(1L)
                .verifyComplete();
    }

    @Test
    void anErrorBeforeTheFirstRowFailsTheExecutionWhereItCannotBeOverlooked() {
        session.fail(new R2dbcBadGrammarException("no such table", "42000", 1));

        StepVerifier.create(Flux.from(connection.createStatement("SELECT 1").execute())
                        .then())
                .verifyError(R2dbcBadGrammarException.class);
    }

    @Test
    void aMappingFunctionThatGivesNullIsAnError() {
        Result result = select(Answer.whole(COLUMN, rows(1), 0));

        StepVerifier.create(result.map(LibsqlResultTest::nothing))
                .verifyErrorMessage("the mapping function returned null");
    }

    @SuppressWarnings("NullAway") // what a careless mapping function does
    private static Object nothing(Object row, Object metadata) {
        return null;
    }
}
