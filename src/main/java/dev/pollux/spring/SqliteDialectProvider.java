package dev.pollux.spring;

import io.r2dbc.spi.ConnectionFactory;
import java.util.Optional;
import org.springframework.data.r2dbc.dialect.DialectResolver.R2dbcDialectProvider;
import org.springframework.data.r2dbc.dialect.R2dbcDialect;

/** Gives Spring Data R2DBC the dialect for databases of this driver. */
final class SqliteDialectProvider implements R2dbcDialectProvider {

    @Override
    public Optional<R2dbcDialect> getDialect(ConnectionFactory connectionFactory) {
        return SqliteBindMarkers.isOurs(connectionFactory) ? Optional.of(SqliteDialect.INSTANCE) : Optional.empty();
    }
}
