package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Statement;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Text comes back as it went in, in whatever encoding the database keeps it. */
class TextEncodingTest {

    private static final List<String> TEXTS = List.of("", "ascii", "é", "\uD83D\uDE00", "a\0b", "x".repeat(5_000));

    @Test
    void aMemoryDatabaseMayBecomeUtf16WhileItIsEmpty() {
        comesBack("r2dbc:libsql:mem:///");
    }

    @Test
    void aFileMayBecomeUtf16WhileItIsEmpty(@TempDir Path folder) {
        // In WAL mode a file is not empty any more once it is open.
        comesBack("r2dbc:libsql:file://" + folder.resolve("test.db") + "?journalMode=DELETE");
    }

    private static void comesBack(String url) {
        LibsqlConnectionFactory factory = LibsqlConnectionFactory.of(url);
        List<String> read = Driven.all(Flux.usingWhen(
                factory.create(),
                connection -> texts(connection, "SELECT 'asked before'")
                        .thenMany(texts(connection, "PRAGMA encoding = 'UTF-16le'"))
                        .thenMany(texts(connection, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"))
                        .thenMany(insert(connection))
                        .thenMany(texts(connection, "PRAGMA encoding"))
                        .concatWith(texts(connection, "SELECT v FROM t ORDER BY id")),
                Connection::close));
        Driven.all(factory.close());
        assertThat(read).startsWith("UTF-16le");
        assertThat(read.subList(1, read.size())).isEqualTo(TEXTS);
    }

    private static Mono<Void> insert(Connection connection) {
        Statement statement = connection.createStatement("INSERT INTO t (v) VALUES (?)");
        for (int i = 0; i < TEXTS.size(); i++) {
            (i == 0 ? statement : statement.add()).bind(0, TEXTS.get(i));
        }
        return Flux.from(statement.execute())
                .concatMap(result -> result.getRowsUpdated())
                .then();
    }

    private static Flux<String> texts(Connection connection, String sql) {
        return Flux.defer(() -> Flux.from(connection.createStatement(sql).execute())
                .concatMap(result -> result.map(row -> Objects.requireNonNull(row.get(0, String.class)))));
    }
}
