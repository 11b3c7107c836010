package dev.pollux.stacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.table;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.Record;
import org.jooq.Record1;
import org.jooq.SQLDialect;
import org.jooq.Table;
import org.jooq.exception.IntegrityConstraintViolationException;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** jOOQ's reactive queries. */
interface JooqContract extends Stacked {

    Table<Record> BOOK = table(name("book"));
    Field<Integer> ID = field(name("id"), SQLDataType.INTEGER);
    Field<String> TITLE = field(name("title"), SQLDataType.VARCHAR);

    private DSLContext jooq() {
        run("CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT NOT NULL UNIQUE)");
        return DSL.using(factory(), SQLDialect.SQLITE);
    }

    private List<String> titles() {
        return query(String.class, "SELECT title FROM book ORDER BY id");
    }

    @Test
    default void rowsAreInsertedAndSelected() {
        DSLContext jooq = jooq();

        assertThat(Stacked.all(
                        jooq.insertInto(BOOK, ID, TITLE).values(1, "Emil").values(2, "Momo")))
                .containsExactly(2);

        assertThat(Stacked.all(Flux.from(jooq.select(ID, TITLE)
                                .from(BOOK)
                                .where(TITLE.like("M%").and(ID.in(1, 2, 3)))
                                .orderBy(ID)
                                .limit(5)
                                .offset(0))
                        .map(row -> row.value1() + " " + row.value2())))
                .containsExactly("2 Momo");
        assertThat(Stacked.all(jooq.update(BOOK).set(TITLE, "Krabat").where(ID.eq(1))))
                .containsExactly(1);
        assertThat(Stacked.all(jooq.deleteFrom(BOOK).where(ID.eq(2)))).containsExactly(1);
        assertThat(titles()).containsExactly("Krabat");
    }

    @Test
    default void insertedRowsAreReturned() {
        DSLContext jooq = jooq();

        assertThat(Stacked.all(Flux.from(jooq.insertInto(BOOK, TITLE)
                                .values("Emil")
                                .values("Momo")
                                .returning(ID, TITLE))
                        .map(row -> row.get(ID) + " " + row.get(TITLE))))
                .containsExactly("1 Emil", "2 Momo");
        assertThat(Stacked.all(Flux.from(jooq.insertInto(BOOK, ID, TITLE)
                                .values(1, "Krabat")
                                .onConflict(ID)
                                .doUpdate()
                                .set(TITLE, "Krabat")
                                .returningResult(TITLE))
                        .map(Record1::value1)))
                .containsExactly("Krabat");
    }

    @Test
    default void valuesOfManyTypesComeBackAsTheyWere() {
        DSLContext jooq = DSL.using(factory(), SQLDialect.SQLITE);
        run("CREATE TABLE v (flag BOOLEAN, amount DECIMAL(10, 2), at DATETIME, code TEXT, bytes BLOB, big BIGINT)");
        Field<Boolean> flag = field(name("flag"), SQLDataType.BOOLEAN);
        Field<BigDecimal> amount = field(name("amount"), SQLDataType.DECIMAL(10, 2));
        Field<LocalDateTime> at = field(name("at"), SQLDataType.LOCALDATETIME);
        Field<UUID> code = field(name("code"), SQLDataType.UUID);
        Field<byte[]> bytes = field(name("bytes"), SQLDataType.BLOB);
        Field<Long> big = field(name("big"), SQLDataType.BIGINT);
        LocalDateTime moment = LocalDateTime.of(2026, 2, 28, 1, 2, 3);
        UUID uuid = UUID.fromString("0b8b7a3e-0c1d-4e1e-9a55-2a5a1f3f8c11");

        Stacked.all(jooq.insertInto(table(name("v")), flag, amount, at, code, bytes, big)
                .values(true, new BigDecimal("12.25"), moment, uuid, new byte[] {1, 2}, Long.MAX_VALUE)
                .values((Boolean) null, null, null, null, null, null));
        List<Record> rows = Stacked.all(jooq.select(flag, amount, at, code, bytes, big)
                .from(table(name("v")))
                .orderBy(flag.desc()));

        assertThat(rows.get(0).intoArray())
                .containsExactly(true, new BigDecimal("12.25"), moment, uuid, new byte[] {1, 2}, Long.MAX_VALUE);
        assertThat(rows.get(1).intoArray()).containsOnlyNulls();
    }

    @Test
    default void aTransactionCommitsOrRollsBackAndNestsBySavepoints() {
        DSLContext jooq = jooq();

        Stacked.all(jooq.transactionPublisher(outer -> Flux.from(
                        outer.dsl().insertInto(BOOK, TITLE).values("Emil"))
                .thenMany(Flux.from(outer.dsl()
                                .transactionPublisher(inner -> Flux.from(inner.dsl()
                                                .insertInto(BOOK, TITLE)
                                                .values("Momo"))
                                        .thenMany(inner.dsl()
                                                .insertInto(BOOK, TITLE)
                                                .values("Emil"))))
                        .onErrorResume(e -> Mono.empty()))
                .thenMany(outer.dsl().insertInto(BOOK, TITLE).values("Krabat"))));
        assertThatThrownBy(() -> Stacked.all(jooq.transactionPublisher(
                        outer -> Flux.from(outer.dsl().insertInto(BOOK, TITLE).values("Ronja"))
                                .thenMany(outer.dsl().insertInto(BOOK, TITLE).values("Emil")))))
                .isInstanceOf(IntegrityConstraintViolationException.class);

        assertThat(titles()).containsExactly("Emil", "Krabat");
    }

    @Test
    default void batchesRun() {
        DSLContext jooq = jooq();

        Stacked.all(jooq.batch(
                jooq.insertInto(BOOK, TITLE).values("it's; --"),
                jooq.insertInto(BOOK, TITLE).values("Momo")));
        Stacked.all(jooq.batch(jooq.insertInto(BOOK, ID, TITLE).values((Integer) null, null))
                .bind(7, "Emil")
                .bind(8, "Krabat"));

        assertThat(titles()).containsExactly("it's; --", "Momo", "Emil", "Krabat");
    }

    @Test
    default void rowsAreStreamedAsTheyAreAskedFor() {
        DSLContext jooq = jooq();
        run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000)"
                + " INSERT INTO book SELECT i, 'book ' || i FROM n");

        StepVerifier.create(Flux.from(jooq.select(ID).from(BOOK).orderBy(ID)).map(Record1::value1), 0)
                .thenRequest(1)
                .expectNext(1)
                .thenRequest(999)
                .expectNextCount(999)
                .thenRequest(Long.MAX_VALUE)
                .expectNextSequence(IntStream.rangeClosed(1_001, 20_000).boxed().toList())
                .expectComplete()
                .verify(PATIENCE);
        assertThat(Stacked.all(Flux.from(jooq.select(ID).from(BOOK).orderBy(ID)).take(10)))
                .hasSize(10);
        assertThat(Objects.requireNonNull(
                                Stacked.all(jooq.selectCount().from(BOOK)).get(0))
                        .value1())
                .isEqualTo(20_000);
    }

    @Test
    default void instantsAreTextThatSorts() {
        DSLContext jooq = DSL.using(factory(), SQLDialect.SQLITE);
        Instant instant = Instant.parse("2026-02-28T01:02:03Z");

        assertThat(Stacked.all(Flux.from(jooq.select(DSL.val(instant, SQLDataType.INSTANT)))
                        .map(Record1::value1)))
                .containsExactly(instant);
    }
}
