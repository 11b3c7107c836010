package dev.pollux.r2dbc.local;

import static dev.pollux.r2dbc.local.Database.WAIT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.testing.BlockingCalls;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.blockhound.BlockingOperationError;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A session's threads may block for SQLite, and for nobody else. */
class BlockHoundRulesStorageIT {

    @TempDir
    private Path folder;

    private Connection connection;

    @BeforeAll
    static void forbidBlockingCalls() {
        BlockingCalls.forbid();
    }

    @BeforeEach
    void open() {
        connection = Objects.requireNonNull(
                Mono.from(ConnectionFactories.get("r2dbc:libsql:file://" + folder.resolve("test.db"))
                                .create())
                        .block(WAIT));
        assertThat(changed("CREATE TABLE t(id)")).isZero();
    }

    @AfterEach
    void close() {
        Mono.from(connection.close()).block(WAIT);
    }

    private Mono<Long> change(String sql) {
        return Flux.from(connection.createStatement(sql).execute())
                .concatMap(result -> result.getRowsUpdated())
                .reduce(0L, Long::sum);
    }

    private long changed(String sql) {
        return Objects.requireNonNull(change(sql).block(WAIT));
    }

    @Test
    void aStatementMayWaitForTheLockOfAnotherProcess() throws SQLException {
        try (Jdbc stranger = new Jdbc(folder.resolve("test.db"))) {
            stranger.run("BEGIN IMMEDIATE");
            CompletableFuture<Long> waiting = change("INSERT INTO t VALUES (1)").toFuture();
            while (Thread.getAllStackTraces().values().stream()
                    .noneMatch(stack -> Arrays.stream(stack)
                            .anyMatch(frame -> frame.getClassName().equals(BusyWait.class.getName())))) {
                Thread.onSpinWait();
            }
            stranger.run("COMMIT");
            assertThat(waiting).succeedsWithin(WAIT).isEqualTo(1L);
        }
    }

    @Test
    void aSubscriberThatBlocksTheThreadIsFound() {
        assertThatThrownBy(() -> change("INSERT INTO t VALUES (1)")
                        .doOnNext(rows -> LockSupport.parkNanos(1_000_000))
                        .block(WAIT))
                .hasRootCauseInstanceOf(BlockingOperationError.class);
        assertThat(changed("DELETE FROM t")).isEqualTo(1);
    }
}
