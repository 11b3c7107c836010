package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
                "it's \"quoted\" \\ \n é \ud83d\ude00",
                'x',
                new byte[0],
                new byte[] {0, -1, 127, -128},
                ByteBuffer.wrap(new byte[] {1, 2}),
                UUID.fromString("0b8b7a3e-0c1d-4e1e-9a55-2a5a1f3f8c11"),
                LocalDate.of(2026, 2, 28),
                LocalDateTime.of(2026, 2, 28, 1, 2, 3, 4),
                Instant.parse("2026-02-28T01:02:03.000000004Z"),
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
    default void megabytesGoBothWays() {
        byte[] bytes = new byte[1 << 20];
        new Random(1).nextBytes(bytes);
        String text = "é\"\\".repeat(1 << 18);
        run("CREATE TABLE t (b BLOB, s TEXT)");

        run("INSERT INTO t VALUES (?, ?)", bytes, text);

        assertThat(query(byte[].class, "SELECT b FROM t")).containsExactly(bytes);
        assertThat(query(String.class, "SELECT s FROM t")).containsExactly(text);
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
}
