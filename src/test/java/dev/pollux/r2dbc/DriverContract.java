package dev.pollux.r2dbc;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * What the driver does on every database, at the level of the SPI. The parts are interfaces; a class for each database
 * says how to open it.
 */
abstract class DriverContract
        implements StatementContract,
                TransactionContract,
                TypeContract,
                ResultContract,
                ErrorContract,
                PoolContract,
                LargeValueContract,
                SqliteContract {

    private @Nullable LibsqlConnectionFactory factory;
    private @Nullable Connection connection;

    /** Where the database is. */
    abstract String url();

    @BeforeEach
    void connectToAnEmptyDatabase() {
        factory = LibsqlConnectionFactory.of(url());
        connection = another();
        run("DROP TABLE IF EXISTS u; DROP TABLE IF EXISTS t");
    }

    @AfterEach
    void closeAll() {
        Driven.all(connection().close());
        Driven.all(Objects.requireNonNull(factory).close());
    }

    @Override
    public ConnectionFactory factory() {
        return Objects.requireNonNull(factory);
    }

    @Override
    public LibsqlConnectionFactory factoryWith(String option) {
        return LibsqlConnectionFactory.of(with(url(), option));
    }

    static String with(String url, String option) {
        return url + (url.contains("?") ? "&" : "?") + option;
    }

    @Override
    public Connection connection() {
        return Objects.requireNonNull(connection);
    }
}
