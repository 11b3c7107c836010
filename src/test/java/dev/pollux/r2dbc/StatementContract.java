package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Statements, their parameters, and units of work. */
interface StatementContract extends Driven {

    @Test
    default void parametersAreBoundByPositionAndByEveryKindOfName() {
        Statement statement = connection().createStatement("SELECT ?1 || :a || @b || $c || ?1 || :a");
        statement.bind(0, "1").bind(":a", "A").bind("b", "B").bind("$c", "C");

        assertThat(Driven.all(Flux.from(statement.execute()).flatMap(r -> r.map(row -> row.get(0, String.class)))))
                .containsExactly("1ABC1A");
        assertThat(query(String.class, "SELECT $2 || $1", "x", "y")).containsExactly("yx");
        assertThat(query(String.class, "SELECT ? || ?", "x", "y")).containsExactly("xy");
    }

    @Test
    default void aStatementRunsAgainWithOtherValues() {
        run("CREATE TABLE t (n INTEGER)");
        Statement statement = connection().createStatement("INSERT INTO t VALUES (?)");

        Driven.all(statement.bind(0, 1).execute());
        Driven.all(statement.bind(0, 2).execute());

        assertThat(query(Integer.class, "SELECT n FROM t ORDER BY n")).containsExactly(1, 2);
    }

    @Test
    default void wrongBindingsAreRefused() {
        Statement statement = connection().createStatement("SELECT ?, :a");

        assertThatThrownBy(() -> statement.bind(2, "x")).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> statement.bind(-1, "x")).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> statement.bindNull(2, String.class)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> statement.bind("b", "x")).isInstanceOf(NoSuchElementException.class);
        assertThatThrownBy(() -> statement.bindNull("b", String.class)).isInstanceOf(NoSuchElementException.class);
        assertThatThrownBy(() -> statement.bind(0, new Object())).isInstanceOf(IllegalArgumentException.class);
        statement.bind(0, "x");
        assertThatThrownBy(statement::execute)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("index 1");
        assertThatThrownBy(statement::add).isInstanceOf(IllegalStateException.class);
    }

    @Test
    default void nullsAreBoundInEveryWay() {
        Statement statement = connection()
                .createStatement("SELECT ? IS NULL AND :a IS NULL AND :b IS NULL AND :c = 5")
                .bindNull(0, String.class)
                .bindNull("a", Integer.class)
                .bind("b", Parameters.in(String.class))
                .bind("c", Parameters.in(5));

        assertThat(Driven.all(Flux.from(statement.execute()).flatMap(r -> r.map(row -> row.get(0, Boolean.class)))))
                .containsExactly(true);
    }

    @Test
    default void severalStatementsOfATextRunInOrderAndGiveAResultEach() {
        run("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)");
        Statement statement = connection()
                .createStatement("INSERT INTO t VALUES (?1, ?2); INSERT INTO t VALUES (?3, ?2) RETURNING id;"
                        + " UPDATE t SET a = a || ?4; SELECT a FROM t WHERE id = ?3 -- the end")
                .bind(0, 1)
                .bind(1, "x")
                .bind(2, 2)
                .bind(3, "!");

        StepVerifier.create(segments(statement))
                .expectNext("[count 1]", "[2, count 1]", "[count 2]", "[x!]")
                .verifyComplete();
    }

    /** What each result holds, as a list. */
    private static Flux<String> segments(Statement statement) {
        return Flux.from(statement.execute())
                .concatMap(result -> Flux.from(result.flatMap(segment -> Mono.just(shown(segment))))
                        .collectList()
                        .map(Object::toString));
    }

    private static String shown(Result.Segment segment) {
        return segment instanceof Result.RowSegment row
                ? String.valueOf(row.row().get(0, String.class))
                : "count " + ((Result.UpdateCount) segment).value();
    }

    @Test
    default void aTextRunsAsOneUnitOfWork() {
        run("CREATE TABLE t (id INTEGER PRIMARY KEY)");

        assertThatThrownBy(
                        () -> run("INSERT INTO t VALUES (?); INSERT INTO t VALUES (?); INSERT INTO t VALUES (1)", 1, 2))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class);

        assertThat(query(Long.class, "SELECT count(*) FROM t")).containsExactly(0L);
        assertThat(connection().isAutoCommit()).isTrue();
        run("INSERT INTO t VALUES (1)");
    }

    @Test
    default void aTextOfThousandStatementsRuns() {
        run("CREATE TABLE t (id INTEGER PRIMARY KEY)");
        StringBuilder text = new StringBuilder();
        for (int i = 1; i <= 1000; i++) {
            text.append("INSERT INTO t VALUES (?").append(i).append(");");
        }
        Statement statement = connection().createStatement(text.toString());
        for (int i = 0; i < 1000; i++) {
            statement.bind(i, i);
        }

        assertThat(Driven.all(Flux.from(statement.execute()).concatMap(Result::getRowsUpdated)))
                .hasSize(1000)
                .containsOnly(1L);
    }

    @Test
    default void aTriggerIsCreatedAndRuns() {
        run("CREATE TABLE t (n INTEGER); CREATE TABLE u (n INTEGER);"
                + " CREATE TRIGGER copy AFTER INSERT ON t BEGIN"
                + " INSERT INTO u VALUES (new.n); UPDATE u SET n = CASE n WHEN 1 THEN 10 ELSE n END; END;"
                + " INSERT INTO t VALUES (1)");

        assertThat(query(Integer.class, "SELECT n FROM u")).containsExactly(10);
    }

    @Test
    default void severalBindingSetsRunAsOneUnitAndGiveAResultEach() {
        run("CREATE TABLE t (id INTEGER PRIMARY KEY)");
        Statement statement = connection().createStatement("INSERT INTO t VALUES (?)");
        for (int i = 0; i < 3; i++) {
            if (i > 0) {
                statement.add();
            }
            statement.bind(0, i);
        }

        assertThat(Driven.all(Flux.from(statement.execute()).concatMap(Result::getRowsUpdated)))
                .containsExactly(1L, 1L, 1L);
        Statement clashing = connection()
                .createStatement("INSERT INTO t VALUES (?)")
                .bind(0, 7)
                .add()
                .bind(0, 0);
        assertThatThrownBy(() -> Driven.all(clashing.execute()))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class);
        assertThat(query(Integer.class, "SELECT id FROM t")).containsExactly(0, 1, 2);
    }

    @Test
    default void eachOfManyBindingSetsStoresItsValuesAndCountsWhatItChanged() {
        run("CREATE TABLE t (id INTEGER PRIMARY KEY, a ANY, b ANY)");
        Object[] values = {7L, 0.5, "text", new byte[] {0, 1}};
        Statement statement = connection().createStatement("INSERT OR IGNORE INTO t VALUES (?, ?, ?)");
        for (int i = 0; i < 1000; i++) {
            // Every third set meets the row of the one before it.
            (i == 0 ? statement : statement.add())
                    .bind(0, i % 3 == 2 ? i - 1 : i)
                    .bind(1, values[i % 4]);
            if (i % 5 == 0) {
                statement.bindNull(2, String.class);
            } else {
                statement.bind(2, i);
            }
        }

        List<Long> counts = Driven.all(Flux.from(statement.execute()).concatMap(Result::getRowsUpdated));

        assertThat(counts).hasSize(1000);
        for (int i = 0; i < 1000; i++) {
            assertThat(counts.get(i)).as("set %d", i).isEqualTo(i % 3 == 2 ? 0 : 1);
        }
        assertThat(query(
                        Long.class,
                        "SELECT count(*) FROM t WHERE b IS CASE id % 5 WHEN 0 THEN NULL ELSE id END AND a IS CASE id % 4"
                                + " WHEN 0 THEN 7 WHEN 1 THEN 0.5 WHEN 2 THEN 'text' ELSE x'0001' END"))
                .containsExactly(667L);
    }

    @Test
    default void ofManyBindingSetsThoseBeforeTheOneThatFailsStayInTheOpenTransaction() {
        run("CREATE TABLE t (id INTEGER PRIMARY KEY)");
        Driven.all(connection().beginTransaction());
        Statement clashing = connection().createStatement("INSERT INTO t VALUES (?)");
        for (int i = 0; i < 600; i++) {
            (i == 0 ? clashing : clashing.add()).bind(0, i == 400 ? 0 : i);
        }

        assertThatThrownBy(() -> Driven.all(clashing.execute()))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class)
                .extracting(error -> ((R2dbcException) error).getSql())
                .asString()
                .startsWith("INSERT INTO t VALUES");
        assertThat(query(Long.class, "SELECT count(*) FROM t")).containsExactly(400L);
        run("INSERT INTO t VALUES (?)", 400);
        Driven.all(connection().commitTransaction());

        assertThat(query(Long.class, "SELECT max(id) FROM t")).containsExactly(400L);
    }

    @Test
    default void aTrailingAddIsRefused() {
        Statement statement =
                connection().createStatement("SELECT ?").bind(0, 1).add();

        assertThatThrownBy(statement::execute)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("binding set 2");
    }

    @Test
    default void aBatchRunsAsOneUnitAndGivesAResultForEachStatement() {
        Flux<Long> counts = Flux.from(connection()
                        .createBatch()
                        .add("CREATE TABLE t (id INTEGER PRIMARY KEY)")
                        .add("INSERT INTO t VALUES (1), (2)")
                        .add("SELECT id FROM t; DELETE FROM t")
                        .execute())
                .concatMap(Result::getRowsUpdated);

        StepVerifier.create(counts.skip(1)).expectNext(2L, 2L).verifyComplete();
        assertThatThrownBy(() -> Driven.all(connection()
                        .createBatch()
                        .add("INSERT INTO t VALUES (1)")
                        .add("INSERT INTO t VALUES (1)")
                        .execute()))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class);
        assertThat(query(Long.class, "SELECT count(*) FROM t")).containsExactly(0L);
        assertThatThrownBy(() -> connection().createBatch().add("SELECT ?"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> connection().createBatch().execute()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    default void generatedValuesAreReturned() {
        run("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT DEFAULT 'x')");

        assertThat(Driven.all(Flux.from(connection()
                                .createStatement("INSERT INTO t (a) VALUES ('y')")
                                .returnGeneratedValues()
                                .execute())
                        .flatMap(result -> result.map(row -> row.get("id", Long.class) + row.get("a", String.class)))))
                .containsExactly("1y");
        assertThat(Driven.all(Flux.from(connection()
                                .createStatement("INSERT INTO t DEFAULT VALUES")
                                .returnGeneratedValues("a", "id")
                                .execute())
                        .flatMap(result -> result.map(row -> row.get(0, String.class) + row.get(1, Long.class)))))
                .containsExactly("x2");
        assertThatThrownBy(() -> Driven.all(connection()
                        .createStatement("INSERT INTO t DEFAULT VALUES")
                        .returnGeneratedValues("nosuch")
                        .execute()))
                .hasMessageContaining("nosuch");
    }

    @Test
    default void blobsAndClobsAreReadWhenTheStatementRuns() {
        run("CREATE TABLE t (b BLOB, c CLOB)");
        Flux<ByteBuffer> bytes = Flux.just("ab", "", "c").map(StandardCharsets.UTF_8::encode);

        run("INSERT INTO t VALUES (?, ?)", Blob.from(bytes), Clob.from(Flux.just("x", "yz")));

        assertThat(query(String.class, "SELECT CAST(b AS TEXT) || c FROM t")).containsExactly("abcxyz");
    }

    @Test
    default void executionsOfOnePublisherAreSeparate() {
        run("CREATE TABLE t (n INTEGER)");
        Flux<Long> insert = Flux.from(connection()
                        .createStatement("INSERT INTO t VALUES (?)")
                        .bind(0, 1)
                        .execute())
                .flatMap(Result::getRowsUpdated);

        StepVerifier.create(insert.repeat(2)).expectNext(1L, 1L, 1L).verifyComplete();
        assertThat(query(Long.class, "SELECT count(*) FROM t")).containsExactly(3L);
    }

    @Test
    default void bindingSetsByNameRunEveryStatementOfTheTextInOrder() {
        run("CREATE TABLE t (id INTEGER, a TEXT)");
        Statement statement = connection()
                .createStatement("INSERT INTO t VALUES (:id, :a); SELECT a || count(*) FROM t WHERE id <= :id")
                .bind("id", 1)
                .bind("a", "x")
                .add()
                .bind(":a", "y")
                .bind(":id", 2)
                .add()
                .bind(0, 3)
                .bindNull("a", String.class);

        StepVerifier.create(segments(statement))
                .expectNext("[count 1]", "[x1]", "[count 1]", "[x2]", "[count 1]", "[x3]")
                .verifyComplete();
    }

    @Test
    default void generatedValuesComeWithEveryKindOfChangeAndEveryBindingSet() {
        run("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE)");
        Statement inserts = connection()
                .createStatement("INSERT INTO t (a) VALUES (?), (? || '!') -- two rows")
                .returnGeneratedValues("id")
                .bind(0, "x")
                .bind(1, "x")
                .add()
                .bind(0, "y")
                .bind(1, "y");

        StepVerifier.create(segments(inserts))
                .expectNext("[1, 2, count 2]", "[3, 4, count 2]")
                .verifyComplete();
        for (String[] change : new String[][] {
            {"UPDATE t SET a = a || '?' WHERE id > 2", "[3, 4, count 2]"},
            {
                "WITH last AS (SELECT max(id) AS id FROM t) DELETE FROM t WHERE id IN (SELECT id FROM last)",
                "[4, count 1]"
            },
            {"REPLACE INTO t VALUES (9, 'x')", "[9, count 1]"},
            {"INSERT INTO t (a) VALUES ('x') ON CONFLICT DO NOTHING", "[count 0]"},
            {"INSERT INTO t VALUES (11, 'z') RETURNING a", "[z, count 1]"},
            {"SELECT a FROM t WHERE id = 11", "[z]"},
        }) {
            Statement statement = connection().createStatement(change[0]).returnGeneratedValues("id");
            assertThat(Driven.all(segments(statement))).as(change[0]).containsExactly(change[1]);
        }
    }

    @Test
    default void largeObjectsOfSeveralBindingSetsAreReadEachForItsOwn() {
        run("CREATE TABLE t (id INTEGER, c CLOB)");
        Statement statement = connection()
                .createStatement("INSERT INTO t VALUES (?, ?)")
                .bind(0, 1)
                .bind(1, Clob.from(Flux.just("a", "b")))
                .add()
                .bind(0, 2)
                .bind(1, "c")
                .add()
                .bind(0, 3)
                .bind(1, Parameters.in(Clob.from(Flux.empty())));

        Driven.all(statement.execute());

        assertThat(query(String.class, "SELECT c FROM t ORDER BY id")).containsExactly("ab", "c", "");
    }

    @Test
    default void aLargeObjectThatFailsFailsTheStatementAndNothingRuns() {
        run("CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB)");
        Flux<ByteBuffer> broken =
                Flux.concat(Flux.just(ByteBuffer.allocate(1)), Flux.error(new IllegalStateException("unplugged")));

        assertThatThrownBy(() -> run("INSERT INTO t VALUES (1, ?1); INSERT INTO t VALUES (2, ?1)", Blob.from(broken)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("unplugged");

        assertThat(query(Long.class, "SELECT count(*) FROM t")).containsExactly(0L);
    }

    @Test
    default void halfASurrogatePairIsRefusedHoweverItIsBound() {
        run("CREATE TABLE t (a TEXT)");
        for (Object half : List.of("x\uD83D!", Clob.from(Flux.just("x\uD83D", "!")))) {
            assertThatThrownBy(() -> run("INSERT INTO t VALUES (?)", half))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("parameter index 0: the text holds an unpaired surrogate at index 1");
        }
        assertThatThrownBy(() -> run("INSERT INTO t VALUES ('x\uD83D!')"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("unpaired surrogate");

        run("INSERT INTO t VALUES (?)", Clob.from(Flux.just("x\uD83D", "\uDC18!")));

        assertThat(query(String.class, "SELECT a FROM t")).containsExactly("x\uD83D\uDC18!");
    }
}
