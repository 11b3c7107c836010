package dev.pollux.testing;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.zip.CRC32;
import reactor.core.publisher.Flux;

/**
 * A program that reads a result, a few rows at a time, and prints {@code rows <count> sum <of the first column>
 * characters <of the second> crc <of the second>}. For JVMs with less heap than that result.
 */
public final class SmallHeapReader {

    private static final int ROWS_AT_A_TIME = 256;

    private SmallHeapReader() {}

    /** What is known of the rows so far. */
    private static final class Tally {
        private final CRC32 crc = new CRC32();
        private long rows;
        private long sum;
        private long characters;

        private void add(Row row) {
            rows++;
            sum += row.number();
            characters += row.text().length();
            crc.update(row.text().getBytes(StandardCharsets.US_ASCII));
        }
    }

    private record Row(long number, String text) {}

    /** Takes the R2DBC URL and the statement, which gives a number and a text. */
    public static void main(String[] arguments) {
        Tally tally = new Tally();
        Flux.usingWhen(
                        ConnectionFactories.get(arguments[0]).create(),
                        connection -> rows(connection, arguments[1]),
                        Connection::close)
                .limitRate(ROWS_AT_A_TIME)
                .doOnNext(tally::add)
                .then()
                .block(Duration.ofMinutes(5));
        System.out.printf(
                "rows %d sum %d characters %d crc %d%n", tally.rows, tally.sum, tally.characters, tally.crc.getValue());
        System.exit(0);
    }

    private static Flux<Row> rows(Connection connection, String sql) {
        return Flux.from(connection.createStatement(sql).execute())
                .concatMap(result -> result.map(row -> new Row(
                        Objects.requireNonNull(row.get(0, Long.class)),
                        Objects.requireNonNull(row.get(1, String.class)))));
    }
}
