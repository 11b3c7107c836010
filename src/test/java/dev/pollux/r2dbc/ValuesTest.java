package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.transport.Column;
import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.R2dbcType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
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
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

class ValuesTest {

    private static final UUID SOME_ID = UUID.fromString("0b8b7a3e-0c1d-4e1e-9a55-2a5a1f3f8c11");

    private static <T> @Nullable T read(Object stored, Class<T> type) {
        return read(stored, type, null);
    }

    private static <T> @Nullable T read(Object stored, Class<T> type, @Nullable String declared) {
        return row(stored, declared).get(0, type);
    }

    private static LibsqlRow row(Object stored, @Nullable String declared) {
        @Nullable Object[] values = {stored};
        return new LibsqlRow(values, new LibsqlRowMetadata(List.of(new Column("c", declared)), values));
    }

    static Stream<Arguments> stored() {
        return Stream.of(
                Arguments.of((byte) -7, -7L),
                Arguments.of((short) 300, 300L),
                Arguments.of(Integer.MIN_VALUE, (long) Integer.MIN_VALUE),
                Arguments.of(Long.MAX_VALUE, Long.MAX_VALUE),
                Arguments.of(BigInteger.valueOf(Long.MIN_VALUE), Long.MIN_VALUE),
                Arguments.of(true, 1L),
                Arguments.of(false, 0L),
                Arguments.of(0.5f, 0.5),
                Arguments.of(-0.1, -0.1),
                Arguments.of(new BigDecimal("1200"), 1200L),
                Arguments.of(new BigDecimal("12E2"), 1200L),
                Arguments.of(new BigDecimal("12.340"), "12.340"),
                Arguments.of(new BigDecimal("123456789012345678901234567890"), "123456789012345678901234567890"),
                Arguments.of("text", "text"),
                Arguments.of(CharBuffer.wrap("text"), "text"),
                Arguments.of('x', "x"),
                Arguments.of(TimeUnit.DAYS, "DAYS"),
                Arguments.of(SOME_ID, SOME_ID.toString()),
                Arguments.of(LocalDate.of(2026, 2, 3), "2026-02-03"),
                Arguments.of(LocalTime.of(4, 5), "04:05:00"),
                Arguments.of(LocalDateTime.of(2026, 2, 3, 4, 5), "2026-02-03T04:05:00"),
                Arguments.of(Instant.parse("2026-02-03T04:05:06.5Z"), "2026-02-03T04:05:06.500000000Z"),
                Arguments.of(OffsetDateTime.parse("2026-02-03T04:05+02:00"), "2026-02-03T04:05:00.000000000+02:00"),
                Arguments.of(OffsetTime.parse("04:05Z"), "04:05:00.000000000Z"),
                Arguments.of(
                        ZonedDateTime.parse("2026-02-03T04:05+01:00[Europe/Paris]"),
                        "2026-02-03T04:05:00.000000000+01:00[Europe/Paris]"),
                Arguments.of(Year.of(2026), "2026"),
                Arguments.of(YearMonth.of(2026, 2), "2026-02"));
    }

    @ParameterizedTest
    @MethodSource("stored")
    void aValueIsStoredWithoutLossAndReadBackAsItself(Object value, Object stored) {
        assertThat(Values.encode(value)).isEqualTo(stored);
        if (value instanceof CharBuffer) {
            return;
        }
        if (value instanceof BigDecimal decimal) {
            assertThat(read(stored, BigDecimal.class)).isEqualByComparingTo(decimal);
        } else {
            Class<?> type = value instanceof Enum<?> constant ? constant.getDeclaringClass() : value.getClass();
            Object back = read(stored, type);
            assertThat(back).isEqualTo(value);
        }
    }

    @Test
    void binaryValuesAreStoredAsTheirBytes() {
        byte[] bytes = {1, 2, 3};
        ByteBuffer buffer = ByteBuffer.wrap(new byte[] {0, 1, 2, 3, 4}, 1, 3);

        assertThat(Values.encode(bytes)).isSameAs(bytes);
        assertThat(Values.encode(buffer)).isEqualTo(bytes);
        assertThat(buffer.remaining()).isEqualTo(3);
        assertThat(read(bytes, byte[].class)).isEqualTo(bytes);
        assertThat(read(bytes, ByteBuffer.class)).isEqualTo(ByteBuffer.wrap(bytes));
        assertThat(read(bytes, Object.class)).isEqualTo(ByteBuffer.wrap(bytes));
        Blob blob = Objects.requireNonNull(read(bytes, Blob.class));
        assertThat(Flux.from(blob.stream()).collectList().block()).containsExactly(ByteBuffer.wrap(bytes));
    }

    @Test
    void textIsReadAsClobAndAsItsUtf8Bytes() {
        assertThat(read("é", byte[].class)).isEqualTo("é".getBytes(StandardCharsets.UTF_8));
        Clob clob = Objects.requireNonNull(read("é", Clob.class));
        assertThat(Mono.from(clob.stream()).block()).isEqualTo("é");
    }

    @Test
    void parametersCarryValuesAndTypedNulls() {
        assertThat(Values.encode(Parameters.in(5))).isEqualTo(5L);
        assertThat(Values.encode(Parameters.in(R2dbcType.VARCHAR, "x"))).isEqualTo("x");
        assertThat(Values.encode(Parameters.in(R2dbcType.VARCHAR))).isNull();
        assertThatThrownBy(() -> Values.encode(Parameters.out(R2dbcType.VARCHAR)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("OUT");
    }

    static Stream<Object> unbindable() {
        return Stream.of(
                Double.NaN,
                Float.NEGATIVE_INFINITY,
                BigInteger.ONE.shiftLeft(63),
                new BigDecimal("1E+1000000"),
                new BigDecimal("1E-1000000"),
                Object.class,
                new Object());
    }

    @ParameterizedTest
    @ValueSource(strings = {"secret\uD83D", "secret\uDC18", "secret\uD83D!", "secret\uDC18\uD83D"})
    void halfASurrogatePairIsRefusedWithoutShowingTheText(String text) {
        for (CharSequence value : List.of(text, CharBuffer.wrap(text))) {
            assertThatThrownBy(() -> Values.encode(value))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("unpaired surrogate at index 6")
                    .message()
                    .doesNotContain("secret");
        }
        assertThat(Values.encode("\uD83D\uDC18 \uD83D\uDC18")).isEqualTo("\uD83D\uDC18 \uD83D\uDC18");
    }

    @ParameterizedTest
    @MethodSource("unbindable")
    void whatCannotBeStoredIsRefused(Object value) {
        assertThatThrownBy(() -> Values.encode(value)).isInstanceOf(IllegalArgumentException.class);
    }

    static Stream<Arguments> conversions() {
        return Stream.of(
                Arguments.of(3.0, Integer.class, 3),
                Arguments.of(3L, Double.class, 3.0),
                Arguments.of(0.1, Float.class, 0.1f),
                Arguments.of(0.1, BigDecimal.class, new BigDecimal("0.1")),
                Arguments.of("42", Long.class, 42L),
                Arguments.of("0.1", Double.class, 0.1),
                Arguments.of("true", Boolean.class, true),
                Arguments.of(2026L, Year.class, Year.of(2026)),
                Arguments.of(5L, String.class, "5"),
                Arguments.of(0.5, String.class, "0.5"),
                Arguments.of(5L, Number.class, 5L),
                Arguments.of(5L, int.class, 5),
                Arguments.of(5L, long.class, 5L),
                Arguments.of(1L, boolean.class, true),
                Arguments.of("x", char.class, 'x'),
                Arguments.of("2026-02-03 04:05:06", LocalDateTime.class, LocalDateTime.of(2026, 2, 3, 4, 5, 6)),
                Arguments.of("2026-02-03", LocalDateTime.class, LocalDateTime.of(2026, 2, 3, 0, 0)),
                Arguments.of("2026-02-03 04:05:06", Instant.class, Instant.parse("2026-02-03T04:05:06Z")),
                Arguments.of(
                        "2026-02-03 04:05:06.123+02:00",
                        OffsetDateTime.class,
                        OffsetDateTime.parse("2026-02-03T04:05:06.123+02:00")),
                Arguments.of("04:05", LocalTime.class, LocalTime.of(4, 5)));
    }

    @ParameterizedTest
    @MethodSource("conversions")
    void aStoredValueIsReadAsAnotherTypeWhereNothingIsLost(Object stored, Class<?> type, Object expected) {
        Object value = read(stored, type);
        assertThat(value).isEqualTo(expected);
    }

    static Stream<Arguments> losses() {
        return Stream.of(
                Arguments.of(1L << 31, Integer.class),
                Arguments.of(-129L, Byte.class),
                Arguments.of(40_000L, Short.class),
                Arguments.of(2L, Boolean.class),
                Arguments.of(-1L, Boolean.class),
                Arguments.of((1L << 53) + 1, Double.class),
                Arguments.of(Long.MAX_VALUE, Double.class),
                Arguments.of((1L << 24) + 1, Float.class),
                Arguments.of(1.5, Long.class),
                Arguments.of(1e300, Float.class),
                Arguments.of(1e300, Long.class),
                Arguments.of(Double.POSITIVE_INFINITY, BigDecimal.class),
                Arguments.of("4711x", Integer.class),
                Arguments.of("1e999999999", BigInteger.class),
                Arguments.of("4711", LocalDate.class),
                Arguments.of("4711", TimeUnit.class),
                Arguments.of("4711", UUID.class),
                Arguments.of("4711", Character.class),
                Arguments.of("2026-02-03 04:05:06Z", LocalDateTime.class),
                Arguments.of(4711L, Instant.class),
                Arguments.of(4_711_000_000L, Year.class),
                Arguments.of(1_000_000_000L, Year.class),
                Arguments.of(4711L, byte[].class),
                Arguments.of(new byte[] {52, 55}, String.class),
                Arguments.of(1L << 31, int.class),
                Arguments.of(4711L, boolean.class));
    }

    @ParameterizedTest
    @MethodSource("losses")
    void aConversionThatLosesIsRefusedAndNamesColumnAndTypesButNotTheValue(Object stored, Class<?> type) {
        assertThatThrownBy(() -> read(stored, type))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("column 0 (c)")
                .hasMessageContaining(type.getName())
                .hasMessageNotContaining("4711")
                .hasNoCause();
    }

    @Test
    void withoutATypeAValueComesAsItsDeclarationSays() {
        assertThat(row(5L, "INTEGER").get(0)).isEqualTo(5);
        assertThat(row(1L << 40, "INTEGER").get(0)).isEqualTo(1L << 40);
        assertThat(row(5L, "BIGINT").get(0)).isEqualTo(5L);
        assertThat(row(5L, null).get(0)).isEqualTo(5L);
        assertThat(row(1L, "BOOLEAN").get(0)).isEqualTo(true);
        assertThat(row(2L, "BOOLEAN").get(0)).isEqualTo(2L);
        assertThat(row("x", "INTEGER").get(0)).isEqualTo("x");
        assertThat(row(0.5, "NUMERIC").get(0)).isEqualTo(0.5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"2026-02-03T04:05:06Z", "2026-02-03T04:05:06.5Z", "2026-02-03T04:05:06.123456789Z"})
    void instantsSortAsTexts(String later) {
        String earlier = (String) Values.encode(Instant.parse("2026-02-03T04:05:05.999999999Z"));
        assertThat((String) Values.encode(Instant.parse(later))).isGreaterThan(earlier);
        assertThat((String) Values.encode(Instant.parse(later).plusNanos(1)))
                .isGreaterThan((String) Values.encode(Instant.parse(later)));
    }
}
