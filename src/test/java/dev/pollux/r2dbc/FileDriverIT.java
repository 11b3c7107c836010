package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ValidationDepth;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;

/** The contract on a file. */
class FileDriverIT extends DriverContract implements LockContract, LocalContract {

    @TempDir
    @SuppressWarnings("NullAway") // JUnit sets it
    Path folder;

    @Override
    String url() {
        return "r2dbc:libsql:file://" + folder.resolve("contract.db");
    }

    @Override
    public String sizeLimit() {
        return "1 GB";
    }

    @Override
    public String product() {
        return "SQLite";
    }

    /** A checkpoint that empties the log needs every reader gone. */
    @Test
    void aReaderWhoStopsAfterTenRowsHoldsNothing() {
        run("CREATE TABLE t (n INTEGER); INSERT INTO t WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c"
                + " LIMIT 100000) SELECT i FROM c");
        Connection other = another();
        Driven.all(other.setLockWaitTimeout(Duration.ZERO));
        Flux<Long> rows = Flux.from(
                        connection().createStatement("SELECT n FROM t").execute())
                .concatMap(result -> result.map(row -> Objects.requireNonNull(row.get(0, Long.class))));

        assertThat(Driven.all(rows.limitRate(256).take(10))).hasSize(10);

        // The thread is free again and has closed the cursor.
        assertThat(Driven.all(connection().validate(ValidationDepth.REMOTE))).containsExactly(true);
        assertThat(query(other, Long.class, "PRAGMA wal_checkpoint(TRUNCATE)")).containsExactly(0L);
        assertThat(folder.resolve("contract.db-wal")).isEmptyFile();
        run(other, "DROP TABLE t");
        run(other, "VACUUM");
        Driven.all(other.close());
    }
}
