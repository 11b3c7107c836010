package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import io.r2dbc.spi.ColumnMetadata;
import io.r2dbc.spi.R2dbcType;
import io.r2dbc.spi.ReadableMetadata;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.UUID;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;

/** Values of all types through the database, and what is known of columns. */
interface TypeContract extends Driven {

    private <T> List<T> rows(String sql, BiFunction<Row, RowMetadata, T> mapping) {
        return Driven.all(Flux.from(connection().createStatement(sql).execute()).concatMap(r -> r.map(mapping)));
    }

    static List<Object> values() {
        return List.of(
                Byte.MIN_VALUE,
                Short.MAX_VALUE,
                Integer.MIN_VALUE,
                Long.MAX_VALUE,
                Long.MIN_VALUE,
                BigInteger.TEN,
                true,
                0.1f,
                Double.MIN_VALUE,
                -1.7976931348623157E308,
                new BigDecimal("12345678901234567890.12345678901234567890"),
                "",
                "a\u0000b",
                "it's \"quoted\" \\ \n é \ud83d\ude00",
                'x',
                new byte[0],
                new byte[] {0, -1, 127, -128},
                ByteBuffer.wrap(new byte[] {1, 2}),
                UUID.fromString("0b8b7a3e-0c1d-4e1e-9a55-2a5a1f3f8c11"),
                LocalDate.of(2026, 2, 28),
                LocalDateTime.of(2026, 2, 28, 1, 2, 3, 4),
                LocalTime.of(23, 59, 59, 999_999_999),
                Instant.parse("2026-02-28T01:02:03.000000004Z"),
                OffsetDateTime.parse("2026-02-28T01:02:03+05:30"),
                OffsetTime.parse("01:02:03-08:00"),
                ZonedDateTime.parse("2026-02-28T01:02:03.5+01:00[Europe/Paris]"),
                Year.of(2026),
                YearMonth.of(2026, 2),
                R2dbcType.VARCHAR);
    }

    @ParameterizedTest
    @MethodSource("values")
    default void aValueComesBackAsItWas(Object value) {
        run("CREATE TABLE t (v)");
        run("INSERT INTO t VALUES (?)", value);
        Class<?> type = value instanceof ByteBuffer ? ByteBuffer.class : value.getClass();

        assertThat((List<?>) query(type, "SELECT v FROM t")).singleElement().isEqualTo(value);
        assertThat((List<?>) query(type, "SELECT ?", value)).singleElement().isEqualTo(value);
    }

    @Test
    default void sqlitesOwnDatesAreRead() {
        assertThat(query(LocalDateTime.class, "SELECT datetime('2026-02-28 01:02:03')"))
                .containsExactly(LocalDateTime.of(2026, 2, 28, 1, 2, 3));
        assertThat(query(LocalDate.class, "SELECT date(?)", Instant.parse("2026-02-28T01:02:03Z")))
                .containsExactly(LocalDate.of(2026, 2, 28));
        assertThat(query(Instant.class, "SELECT CURRENT_TIMESTAMP").get(0))
                .isBetween(Instant.now().minusSeconds(86_400), Instant.now().plusSeconds(86_400));
    }

    @Test
    default void withoutATypeValuesComeAsTheirColumnsSay() {
        run("CREATE TABLE t (i INTEGER, l BIGINT, d REAL, s TEXT, b BLOB, f BOOLEAN, n NUMERIC)");
        run("INSERT INTO t VALUES (1, 2, 3, 4, x'05', 1, NULL)");

        assertThat(rows("SELECT *, i + 1 FROM t", (row, metadata) -> {
                            assertThat(row.get(6)).isNull();
                            return List.of(
                                    get(row, 0),
                                    get(row, 1),
                                    get(row, 2),
                                    get(row, 3),
                                    get(row, 4),
                                    get(row, 5),
                                    get(row, 7));
                        })
                        .get(0))
                .containsExactly(1, 2L, 3.0, "4", ByteBuffer.wrap(new byte[] {5}), true, 2L);
    }

    private static Object get(Row row, int index) {
        return Objects.requireNonNull(row.get(index));
    }

    @Test
    default void aValueOutOfRangeIsRefusedWithoutShowingIt() {
        assertThatThrownBy(() -> query(Integer.class, "SELECT 4294967296 AS big"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("big")
                .hasMessageContaining("java.lang.Integer")
                .hasMessageNotContaining("4294967296");
    }

    @Test
    default void columnsAreDescribed() {
        run("CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(100), price DECIMAL(10, 2), at TIMESTAMP)");
        run("INSERT INTO t VALUES (1, 'x', 1.5, '2026-02-28 01:02:03')");

        List<? extends ColumnMetadata> columns = rows(
                        "SELECT id AS \"Id\", name, price, at, 1.5 AS e FROM t",
                        (row, metadata) -> metadata.getColumnMetadatas())
                .get(0);

        assertThat(columns).extracting(ReadableMetadata::getName).containsExactly("Id", "name", "price", "at", "e");
        assertThat(columns)
                .extracting(ReadableMetadata::getType)
                .containsExactly(
                        R2dbcType.INTEGER, R2dbcType.VARCHAR, R2dbcType.NUMERIC, R2dbcType.TIMESTAMP, R2dbcType.DOUBLE);
        assertThat(columns.get(0).getJavaType()).isEqualTo(Long.class);
        assertThat(columns.get(1).getPrecision()).isEqualTo(100);
        assertThat(columns.get(2).getScale()).isEqualTo(2);
        assertThat(columns.get(2).getNativeTypeMetadata()).asString().startsWith("DECIMAL");
    }

    @Test
    default void columnsAreFoundByNameInAnyCaseAndTheFirstOfAName() {
        List<Object> seen = rows("SELECT 1 AS a, 2 AS A, 3 AS b", (row, metadata) -> {
                    assertThat(metadata.contains("B")).isTrue();
                    assertThat(metadata.contains("c")).isFalse();
                    assertThat(metadata.getColumnMetadata("B").getName()).isEqualTo("b");
                    assertThatThrownBy(() -> metadata.getColumnMetadata("c"))
                            .isInstanceOf(NoSuchElementException.class);
                    assertThatThrownBy(() -> metadata.getColumnMetadata(3))
                            .isInstanceOf(IndexOutOfBoundsException.class);
                    assertThatThrownBy(() -> metadata.getColumnMetadata(-1))
                            .isInstanceOf(IndexOutOfBoundsException.class);
                    assertThatThrownBy(() -> row.get("c")).isInstanceOf(NoSuchElementException.class);
                    assertThatThrownBy(() -> row.get(3)).isInstanceOf(IndexOutOfBoundsException.class);
                    assertThatThrownBy(() -> row.get(-1)).isInstanceOf(IndexOutOfBoundsException.class);
                    return List.<Object>of(Objects.requireNonNull(row.get("A")), Objects.requireNonNull(row.get("B")));
                })
                .get(0);

        assertThat(seen).containsExactly(1L, 3L);
    }

    @Test
    default void largeObjectsAreStreamed() {
        Flux<ByteBuffer> blob = Flux.from(
                        connection().createStatement("SELECT x'0102'").execute())
                .concatMap(result -> result.map(row -> Objects.requireNonNull(row.get(0, Blob.class))))
                .concatMap(Blob::stream);
        assertThat(Driven.all(blob)).containsExactly(ByteBuffer.wrap(new byte[] {1, 2}));

        Flux<CharSequence> clob = Flux.from(
                        connection().createStatement("SELECT 'é'").execute())
                .concatMap(result -> result.map(row -> Objects.requireNonNull(row.get(0, Clob.class))))
                .concatMap(Clob::stream);
        assertThat(Driven.all(clob)).containsExactly("é");
        assertThat(query(byte[].class, "SELECT 'é'")).containsExactly("é".getBytes(StandardCharsets.UTF_8));
    }

    /** Columns convert what is stored in them by rules of their own, so each value is read back from what they made of it. */
    static List<Arguments> columns() {
        return List.of(
                arguments("BOOLEAN", true),
                arguments("VARCHAR(5)", false),
                arguments("TINYINT", (byte) -7),
                arguments("SMALLINT", (short) 300),
                arguments("INTEGER", 70_000),
                arguments("BIGINT", 1L << 40),
                arguments("TEXT", 1L << 40),
                arguments("DOUBLE PRECISION", 5),
                arguments("REAL", 3.0f),
                arguments("INTEGER", 3.0),
                arguments("TEXT", 0.1),
                arguments("DECIMAL(10, 2)", new BigDecimal("12.5")),
                arguments("DECIMAL(10, 2)", new BigDecimal("12")),
                arguments("TEXT", new BigDecimal("12.50")),
                arguments("NUMERIC", BigInteger.TEN),
                arguments("CHAR(1)", '7'),
                arguments("VARCHAR(20)", "007"),
                arguments("VARCHAR(20)", R2dbcType.VARCHAR),
                arguments("BLOB", "a text"),
                arguments("TEXT", new byte[] {65, 66}),
                arguments("DATE", LocalDate.of(2026, 2, 28)),
                arguments("TIME", LocalTime.of(1, 2)),
                arguments("TIMESTAMP", LocalDateTime.of(2026, 2, 28, 1, 2)),
                arguments("TIMESTAMP WITH TIME ZONE", OffsetDateTime.parse("2026-02-28T01:02:03+05:30")),
                arguments("DATETIME", Instant.parse("2026-02-28T01:02:03.5Z")),
                arguments("INTEGER", Year.of(2026)),
                arguments("DATE", YearMonth.of(2026, 2)),
                arguments("UUID", UUID.fromString("0b8b7a3e-0c1d-4e1e-9a55-2a5a1f3f8c11")));
    }

    @ParameterizedTest
    @MethodSource("columns")
    default void aValueSurvivesTheAffinityOfItsColumn(String declaration, Object value) {
        run("CREATE TABLE t (v " + declaration + ")");
        run("INSERT INTO t VALUES (?)", value);

        assertThat((List<?>) query(value.getClass(), "SELECT v FROM t"))
                .singleElement()
                .isEqualTo(value);
        assertThat(query(Long.class, "SELECT count(*) FROM t WHERE v = ?", value))
                .containsExactly(1L);
    }

    static List<Arguments> integerBounds() {
        return List.of(
                arguments(Byte.class, Byte.MIN_VALUE, Byte.MAX_VALUE),
                arguments(Short.class, Short.MIN_VALUE, Short.MAX_VALUE),
                arguments(Integer.class, Integer.MIN_VALUE, Integer.MAX_VALUE));
    }

    @ParameterizedTest
    @MethodSource("integerBounds")
    default void anIntegerIsReadAsEveryTypeThatHoldsIt(Class<?> type, Number least, Number most) {
        run("CREATE TABLE t (n INTEGER)");
        run("INSERT INTO t VALUES (?), (?)", least, most);

        assertThat((List<?>) query(type, "SELECT n FROM t ORDER BY n")).isEqualTo(List.of(least, most));
        assertThat(query(Long.class, "SELECT n FROM t ORDER BY n"))
                .containsExactly(least.longValue(), most.longValue());
        assertThat(query(BigInteger.class, "SELECT n FROM t WHERE n > 0"))
                .containsExactly(BigInteger.valueOf(most.longValue()));
        for (long beyond : new long[] {least.longValue() - 1, most.longValue() + 1}) {
            run("UPDATE t SET n = ?", beyond);
            assertThatThrownBy(() -> query(type, "SELECT n FROM t"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(type.getName());
        }
    }

    @Test
    default void aDecimalIsANumberInANumericColumnAndExactInATextColumn() {
        run("CREATE TABLE t (price DECIMAL(10, 2), exact TEXT)");
        BigDecimal price = new BigDecimal("19.90");
        run("INSERT INTO t VALUES (?1, ?1)", price);

        assertThat(query(String.class, "SELECT typeof(price) || ' ' || typeof(exact) FROM t"))
                .containsExactly("real text");
        assertThat(query(BigDecimal.class, "SELECT price FROM t").get(0)).isEqualByComparingTo(price);
        assertThat(query(BigDecimal.class, "SELECT exact FROM t")).containsExactly(price);
        assertThat(query(BigDecimal.class, "SELECT price FROM t WHERE price = ?", price))
                .hasSize(1);
    }

    @Test
    default void datesAndTimesAreStoredAsIsoText() {
        assertThat(query(String.class, "SELECT ?", LocalDate.of(2026, 2, 3))).containsExactly("2026-02-03");
        assertThat(query(String.class, "SELECT ?", LocalDateTime.of(2026, 2, 3, 4, 5)))
                .containsExactly("2026-02-03T04:05:00");
        assertThat(query(String.class, "SELECT datetime(?)", OffsetDateTime.parse("2026-02-03T04:05:06+02:00")))
                .containsExactly("2026-02-03 02:05:06");
        assertThat(query(Long.class, "SELECT unixepoch(?)", Instant.ofEpochSecond(1_770_000_000)))
                .containsExactly(1_770_000_000L);
    }

    @Test
    default void truthIsOneAndZero() {
        run("CREATE TABLE t (f BOOLEAN)");
        run("INSERT INTO t VALUES (?), (?)", true, false);

        assertThat(query(Boolean.class, "SELECT f FROM t ORDER BY f")).containsExactly(false, true);
        assertThat(query(Integer.class, "SELECT f FROM t WHERE f = TRUE")).containsExactly(1);
        assertThatThrownBy(() -> query(Boolean.class, "SELECT 2")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    default void nullIsNullAsEveryType() {
        assertThat(rows("SELECT NULL", (row, metadata) -> {
                    for (Class<?> type : List.of(
                            Object.class,
                            Integer.class,
                            String.class,
                            Boolean.class,
                            byte[].class,
                            Blob.class,
                            Clob.class,
                            Instant.class)) {
                        assertThat((Object) row.get(0, type)).as(type.getName()).isNull();
                    }
                    return true;
                }))
                .hasSize(1);
    }
}
