package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.testing.LockHolder;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import io.r2dbc.spi.Result;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;

/** A file whose write lock another JVM holds. */
@SuppressWarnings("NullAway.Init") // set before each test
class OtherProcessIT implements Configured {

    @TempDir
    Path folder;

    private Connection connection;
    private Process holder;

    @BeforeEach
    void lock() throws IOException {
        connection = another();
        run("CREATE TABLE t (n INTEGER)");
        holder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        LockHolder.class.getName(),
                        folder.resolve("shared.db").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(holder.inputReader().readLine()).isEqualTo("locked");
    }

    @AfterEach
    void unlock() {
        holder.destroyForcibly();
        Driven.all(connection.close());
    }

    @Override
    public LibsqlConnectionFactory factoryWith(String option) {
        return LibsqlConnectionFactory.of("r2dbc:libsql:file://" + folder.resolve("shared.db") + "?" + option);
    }

    @Override
    public ConnectionFactory factory() {
        return factoryWith("busyTimeout=PT1H");
    }

    @Override
    public Connection connection() {
        return connection;
    }

    private CompletableFuture<Long> insert() {
        return Flux.from(connection.createStatement("INSERT INTO t VALUES (1)").execute())
                .concatMap(Result::getRowsUpdated)
                .single()
                .toFuture();
    }

    @Test
    void aWriterWaitsUntilTheLockIsGivenBack() throws IOException {
        CompletableFuture<Long> waiting = insert();
        assertThat(waiting).isNotDone();

        holder.getOutputStream().close();

        assertThat(waiting).succeedsWithin(PATIENCE).isEqualTo(1L);
    }

    @Test
    void aWriterWaitsUntilTheOtherProcessIsDead() {
        CompletableFuture<Long> waiting = insert();
        assertThat(waiting).isNotDone();

        holder.destroyForcibly();

        assertThat(waiting).succeedsWithin(PATIENCE).isEqualTo(1L);
    }

    @Test
    void aWaitThatIsOverEndsAsTransientOrAsTheTimeoutThatWasAskedFor() {
        assertThatThrownBy(() -> insertWith("busyTimeout=PT0.05S"))
                .isInstanceOf(R2dbcTransientResourceException.class)
                .hasMessageContaining("SQLITE_BUSY");
        assertThatThrownBy(() -> insertWith("lockWaitTimeout=PT0.05S")).isInstanceOf(R2dbcTimeoutException.class);

        assertThat(query(Long.class, "SELECT count(*) FROM t")).containsExactly(0L); // readers do not wait
    }

    private void insertWith(String option) {
        Connection hasty = Driven.all(factoryWith(option).create()).get(0);
        try {
            run(hasty, "INSERT INTO t VALUES (2)");
        } finally {
            Driven.all(hasty.close());
        }
    }
}
