package dev.pollux.stacks;

import io.r2dbc.spi.Closeable;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** What holds under each stack on every database. The parts are interfaces; a class for each database has its URL. */
abstract class StacksContract
        implements PoolUrlContract,
                ProxyContract,
                DatabaseClientContract,
                RepositoryContract,
                TransactionalContract,
                JooqContract {

    private @Nullable ConnectionFactory factory;

    @BeforeEach
    void open() {
        factory = ConnectionFactories.get("r2dbc:" + url());
    }

    @AfterEach
    void close() {
        Stacked.all(((Closeable) factory()).close());
    }

    @Override
    public ConnectionFactory factory() {
        return Objects.requireNonNull(factory);
    }
}
