package dev.pollux.bench;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;

/** The peers' SQLite files: as durable as ours, through the pool that Spring Boot's users have. */
final class PeerDatabase {

    private PeerDatabase() {}

    /**
     * A pool over a new file. IMMEDIATE: a transaction that reads first and then writes would otherwise fail with
     * SQLITE_BUSY when another has written in between.
     */
    static HikariDataSource open(Path file, int connections, boolean autoCommit) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl("jdbc:sqlite:" + file
                + "?journal_mode=WAL&synchronous=FULL&busy_timeout=10000&transaction_mode=IMMEDIATE&cache_size=-16000");
        config.setMaximumPoolSize(connections);
        config.setAutoCommit(autoCommit);
        return new HikariDataSource(config);
    }
}
