package dev.pollux.stacks;

import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Wrapped;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

/** r2dbc-pool by its URL. What the pool does is in the driver's own contract. */
interface PoolUrlContract extends Stacked {

    private ConnectionFactory over(String layers) {
        String options = url().contains("?") ? "&" : "?";
        return ConnectionFactories.get("r2dbc:" + layers + url() + options + "initialSize=0&maxSize=2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pool:", "proxy:pool:", "pool:proxy:"})
    default void aUrlPutsLayersOverTheDriver(String layers) {
        run("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (7)");
        ConnectionFactory layered = over(layers);
        try {
            assertThat(layered.getMetadata().getName()).isEqualTo("libSQL");
            assertThat(Stacked.all(Flux.usingWhen(
                            layered.create(),
                            connection -> Stacked.query(connection, Integer.class, "SELECT n FROM t"),
                            Connection::close)))
                    .containsExactly(7);
        } finally {
            Stacked.all(pool(layered).disposeLater());
        }
    }

    private static ConnectionPool pool(ConnectionFactory layered) {
        return layered instanceof ConnectionPool pool ? pool : (ConnectionPool) ((Wrapped<?>) layered).unwrap();
    }

    @Test
    default void aPoolsOptionsInAUrlAreThePools() {
        ConnectionPool pool = (ConnectionPool) over("pool:");
        assertThat(pool.getMetrics().orElseThrow().getMaxAllocatedSize()).isEqualTo(2);
        Stacked.all(pool.disposeLater());
    }
}
