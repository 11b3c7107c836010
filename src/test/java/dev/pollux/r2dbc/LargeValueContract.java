package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/** Values of 4 MB, in every form that the SPI has for them, and what is said of those that are too large. */
interface LargeValueContract extends Driven {

    int LARGE = 4_000_000;

    /** What an error says of a value that is over the database's limit. */
    String sizeLimit();

    @Test
    default void fourMegabytesOfBytesGoInAndOutInEveryForm() {
        byte[] bytes = new byte[LARGE];
        new Random(1).nextBytes(bytes);
        List<Object> forms = List.of(bytes, ByteBuffer.wrap(bytes), Blob.from(Flux.fromIterable(quarters(bytes))));
        run("CREATE TABLE t (v BLOB)");
        for (Object form : forms) {
            run("DELETE FROM t");
            run("INSERT INTO t VALUES (?)", form);

            assertThat(query(Long.class, "SELECT length(v) FROM t WHERE typeof(v) = 'blob'"))
                    .containsExactly((long) LARGE);
            assertThat(query(byte[].class, "SELECT v FROM t").get(0)).isEqualTo(bytes);
            assertThat(query(ByteBuffer.class, "SELECT v FROM t").get(0)).isEqualTo(ByteBuffer.wrap(bytes));
            assertThat(joined(streamed(Blob.class, Blob::stream))).isEqualTo(bytes);
        }
    }

    private static List<ByteBuffer> quarters(byte[] bytes) {
        int quarter = bytes.length / 4;
        return IntStream.range(0, 4)
                .mapToObj(i -> ByteBuffer.wrap(bytes, i * quarter, quarter).slice())
                .toList();
    }

    private static byte[] joined(List<ByteBuffer> parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (ByteBuffer part : parts) {
            byte[] bytes = new byte[part.remaining()];
            part.get(bytes);
            all.writeBytes(bytes);
        }
        return all.toByteArray();
    }

    private <L, T> List<T> streamed(Class<L> type, Function<L, Publisher<T>> stream) {
        return Driven.all(Flux.from(
                        connection().createStatement("SELECT v FROM t").execute())
                .concatMap(result -> result.map(row -> Objects.requireNonNull(row.get(0, type))))
                .concatMap(stream));
    }

    @Test
    default void fourMegabytesOfTextGoInAndOutInEveryForm() {
        String text = "é\"\\ ".repeat(LARGE / 5); // 5 bytes of UTF-8
        int half = text.length() / 2;
        List<Object> forms = List.of(text, Clob.from(Flux.just(text.substring(0, half), text.substring(half))));
        run("CREATE TABLE t (v TEXT)");
        for (Object form : forms) {
            run("DELETE FROM t");
            run("INSERT INTO t VALUES (?)", form);

            assertThat(query(Long.class, "SELECT octet_length(v) FROM t WHERE typeof(v) = 'text'"))
                    .containsExactly((long) LARGE);
            assertThat(query(String.class, "SELECT v FROM t").get(0).equals(text))
                    .isTrue();
            assertThat(String.join("", streamed(Clob.class, Clob::stream)).equals(text))
                    .isTrue();
        }
    }

    @Test
    default void aValueOverTheDatabasesLimitIsRefusedWithTheLimitAndTheConnectionGoesOn() {
        run("CREATE TABLE t (v BLOB)");
        for (String sql : List.of("SELECT zeroblob(2000000000)", "INSERT INTO t VALUES (zeroblob(2000000000))")) {
            assertThatThrownBy(() -> query(byte[].class, sql))
                    .as(sql)
                    .isInstanceOf(R2dbcDataIntegrityViolationException.class)
                    .hasMessageContaining(sizeLimit())
                    .satisfies(
                            e -> assertThat(((R2dbcException) e).getSqlState()).isEqualTo("54000"));
        }
        assertThat(query(Long.class, "SELECT count(*) FROM t")).containsExactly(0L);
    }
}
