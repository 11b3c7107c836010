package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.SmallHeapReader;
import dev.pollux.testing.Sqld;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;

/** A million rows, 200 MB, are read by a JVM that has 64 MB. */
class SmallHeapIT {

    private static final int ROWS = 1_000_000;
    private static final int WIDTH = 200;
    private static final String FILL = "CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT);"
            + " INSERT INTO t WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c LIMIT " + ROWS + ")"
            + " SELECT i, printf('%0" + WIDTH + "d', i) FROM c";

    @Test
    void fromAFile(@TempDir Path folder) throws Exception {
        readAll("r2dbc:libsql:file://" + folder.resolve("large.db") + "?synchronous=OFF");
    }

    @Test
    void fromAServer() throws Exception {
        try (Sqld sqld = Sqld.start()) {
            readAll(sqld.r2dbcUrl() + "&callTimeout=PT2M");
        }
    }

    private static void readAll(String url) throws Exception {
        LibsqlConnectionFactory factory = LibsqlConnectionFactory.of(url);
        Driven.all(Flux.usingWhen(
                factory.create(),
                connection ->
                        Flux.from(connection.createStatement(FILL).execute()).concatMap(Result::getRowsUpdated),
                Connection::close));

        assertThat(read(url, "SELECT n, text FROM t ORDER BY n")).isEqualTo(expected());
        Driven.all(factory.close());
    }

    private static String expected() {
        CRC32 crc = new CRC32();
        for (int i = 1; i <= ROWS; i++) {
            crc.update(String.format("%0" + WIDTH + "d", i).getBytes(StandardCharsets.US_ASCII));
        }
        return "rows %d sum %d characters %d crc %d"
                .formatted(ROWS, ROWS * (ROWS + 1L) / 2, (long) ROWS * WIDTH, crc.getValue());
    }

    private static String read(String url, String sql) throws Exception {
        Process reader = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-XX:+ExitOnOutOfMemoryError",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SmallHeapReader.class.getName(),
                        url,
                        sql)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            String said = new String(reader.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(reader.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(reader.exitValue()).isZero();
            return said.trim();
        } finally {
            reader.destroyForcibly();
        }
    }
}
