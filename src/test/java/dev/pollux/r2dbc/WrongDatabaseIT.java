package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.testing.Sqld;
import dev.pollux.testing.TokenKey;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import io.r2dbc.spi.Result;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;

/** Databases that cannot be used, and what their user is told. */
class WrongDatabaseIT {

    @TempDir
    @SuppressWarnings("NullAway") // JUnit sets it
    Path folder;

    /** Opens, runs and closes. */
    private static void use(String url, String sql) {
        LibsqlConnectionFactory factory = LibsqlConnectionFactory.of(url);
        try {
            Driven.all(Flux.usingWhen(
                    factory.create(),
                    connection ->
                            Flux.from(connection.createStatement(sql).execute()).concatMap(Result::getRowsUpdated),
                    Connection::close));
        } finally {
            Driven.all(factory.close());
        }
    }

    private String url(String file) {
        return "r2dbc:libsql:file://" + folder.resolve(file);
    }

    @Test
    void aFileThatIsNoDatabaseIsNamed() throws IOException {
        Files.writeString(folder.resolve("letter.txt"), "Dear reader, ".repeat(500));

        assertThatThrownBy(() -> use(url("letter.txt"), "CREATE TABLE t (n)"))
                .isInstanceOf(R2dbcNonTransientResourceException.class)
                .hasMessageContaining("letter.txt")
                .hasMessageContaining("not a SQLite database");
    }

    @Test
    void aFolderThatIsMissingIsNamed() {
        assertThatThrownBy(() -> use(url("nosuch/x.db"), "CREATE TABLE t (n)"))
                .isInstanceOf(R2dbcNonTransientResourceException.class)
                .hasMessageContaining("nosuch");
    }

    @Test
    void aFileThatIsMissingIsNotCreatedAgainstTheUsersWish() {
        assertThatThrownBy(() -> use(url("x.db?create=false"), "CREATE TABLE t (n)"))
                .isInstanceOf(R2dbcNonTransientResourceException.class)
                .hasMessageContaining("x.db");
        assertThatThrownBy(() -> use(url("x.db?mode=rw"), "CREATE TABLE t (n)"))
                .isInstanceOf(R2dbcNonTransientResourceException.class);
        assertThat(folder.resolve("x.db")).doesNotExist();
    }

    @Test
    void aFileOpenedReadOnlyIsReadAndNotWritten() {
        use(url("x.db"), "CREATE TABLE t (n)");

        use(url("x.db?readOnly=true"), "SELECT * FROM t");
        assertThatThrownBy(() -> use(url("x.db?mode=ro"), "INSERT INTO t VALUES (1)"))
                .isInstanceOf(R2dbcPermissionDeniedException.class)
                .hasMessageContaining("read-only");
    }

    @Test
    void aServerThatIsNotThereIsNamed() throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }

        assertThatThrownBy(() -> use("r2dbc:libsql:http://127.0.0.1:" + port, "SELECT 1"))
                .isInstanceOf(R2dbcTransientResourceException.class)
                .hasMessageContaining("127.0.0.1:" + port)
                .satisfies(e -> assertThat(((R2dbcException) e).getSqlState()).isEqualTo("08001"));
    }

    @Test
    void aServerWithTokensLetsInOnlyWhoHasOne() {
        TokenKey key = TokenKey.create();
        try (Sqld sqld = Sqld.start(key)) {
            String server = "r2dbc:libsql:" + sqld.url();
            use(server + "?authToken=" + key.readWrite(), "CREATE TABLE t (n)");
            use(server.replace("://", "://:" + key.readWrite() + "@"), "INSERT INTO t VALUES (1)");
            use(server + "?authToken=" + key.readOnly(), "SELECT * FROM t");

            assertDenied(server, "", "SELECT 1");
            assertDenied(server, key.expired(), "SELECT 1");
            assertDenied(server, TokenKey.create().readWrite(), "SELECT 1");
            assertDenied(server, key.readOnly(), "INSERT INTO t VALUES (2)");
        }
    }

    private static void assertDenied(String server, String token, String sql) {
        String url = token.isEmpty() ? server : server + "?authToken=" + token;
        assertThatThrownBy(() -> use(url, sql))
                .isInstanceOf(R2dbcPermissionDeniedException.class)
                .satisfies(e -> {
                    for (Throwable cause = e; cause != null && !token.isEmpty(); cause = cause.getCause()) {
                        assertThat(cause.toString()).doesNotContain(token);
                    }
                });
    }
}
