package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

/** Under r2dbc-pool. */
interface PoolContract extends Driven {

    private ConnectionPool pool(int size) {
        return new ConnectionPool(ConnectionPoolConfiguration.builder(factory())
                .maxSize(size)
                .initialSize(0)
                .maxAcquireTime(Duration.ofSeconds(30))
                .validationDepth(ValidationDepth.REMOTE)
                .build());
    }

    @Test
    default void aConnectionComesBackFromThePoolAsGoodAsNew() {
        run("CREATE TABLE t (n INTEGER)");
        ConnectionPool pool = pool(1);
        try {
            Connection first = Driven.all(pool.create()).get(0);
            Driven.all(first.setAutoCommit(false));
            Driven.all(first.createSavepoint("s"));
            run(first, "INSERT INTO t VALUES (1)");
            Driven.all(first.close());

            Connection second = Driven.all(pool.create()).get(0);
            assertThat(second.isAutoCommit()).isTrue();
            run(second, "INSERT INTO t VALUES (2)");
            Driven.all(second.close());

            assertThat(query(Integer.class, "SELECT n FROM t")).containsExactly(2);
        } finally {
            Driven.all(pool.disposeLater());
        }
    }

    @Test
    default void manyBorrowersShareFewConnections() {
        run("CREATE TABLE t (n INTEGER)");
        ConnectionPool pool = pool(3);
        try {
            List<Long> counts = Driven.all(Flux.range(0, 60)
                    .flatMap(
                            n -> Flux.usingWhen(
                                    pool.create(),
                                    connection -> Flux.from(connection
                                                    .createStatement("INSERT INTO t VALUES (?)")
                                                    .bind(0, n)
                                                    .execute())
                                            .flatMap(Result::getRowsUpdated),
                                    Connection::close),
                            60));

            assertThat(counts).hasSize(60);
            assertThat(query(Long.class, "SELECT count(DISTINCT n) FROM t")).containsExactly(60L);
        } finally {
            Driven.all(pool.disposeLater());
        }
    }
}
