package dev.pollux.r2dbc;

import dev.pollux.r2dbc.transport.Transport;
import io.r2dbc.spi.Closeable;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Opens connections to one database: a file, a memory database, or a libSQL server. Thread-safe. It does not pool:
 * put r2dbc-pool over it where connections are opened often.
 *
 * <p>A memory database lives as long as a factory that was made for it is open.
 */
public final class LibsqlConnectionFactory implements ConnectionFactory, Closeable {

    private static final ConnectionFactoryMetadata METADATA = () -> "libSQL";

    /** How much SQL text the connections keep in parsed form: a few megabytes of heap. */
    private static final long PARSED_CHARACTERS = 1_000_000;

    private final Transport transport;
    private final Defaults defaults;

    private LibsqlConnectionFactory(Transport transport, Defaults defaults) {
        this.transport = transport;
        this.defaults = defaults;
    }

    /** What the connections of a factory share. */
    record Defaults(
            SqlCache cache,
            String product,
            String database,
            @Nullable Duration lockWait,
            @Nullable Duration statementTimeout) {}

    /**
     * A factory for a URL: one of R2DBC's ({@link LibsqlConnectionFactoryProvider} lists them), or one as libSQL's other
     * clients take it: {@code file:rel.db}, {@code file:/abs.db}, {@code :memory:}, {@code libsql://host?authToken=..},
     * {@code https://host}, {@code http://host:port}; and {@code r2dbc:libsql:file:rel.db}, which the SPI's own parser
     * refuses. Opens nothing.
     *
     * @throws IllegalArgumentException naming everything that is wrong with the URL; the message holds no token
     */
    public static LibsqlConnectionFactory of(String url) {
        return of(Urls.parse(Require.nonNull(url, "url")));
    }

    /**
     * A factory for the database that the options name. Opens nothing.
     *
     * @throws IllegalArgumentException naming everything that is wrong with the options
     */
    public static LibsqlConnectionFactory of(ConnectionFactoryOptions options) {
        OptionReader reader = new OptionReader(Require.nonNull(options, "options"));
        Databases database = Databases.of(reader);
        KnownOptions.check(reader, database == Databases.SERVER);
        Duration lockWait = reader.duration(ConnectionFactoryOptions.LOCK_WAIT_TIMEOUT);
        Duration timeout = reader.duration(ConnectionFactoryOptions.STATEMENT_TIMEOUT);
        Transport transport = database.transport(reader);
        Defaults defaults = new Defaults(
                new SqlCache(PARSED_CHARACTERS),
                database.product(),
                transport.describe(),
                lockWait,
                timeout == null || timeout.isZero() ? null : timeout);
        return new LibsqlConnectionFactory(transport, defaults);
    }

    /**
     * Opens a connection.
     *
     * @return cold: each subscription opens one, emitted on a thread that must not block; R2DBC exceptions that name the
     *     database; cancelling frees what was opened so far
     */
    @Override
    public Mono<Connection> create() {
        return transport.open().map(session -> new LibsqlConnection(session, defaults));
    }

    @Override
    public ConnectionFactoryMetadata getMetadata() {
        return METADATA;
    }

    /**
     * Frees what the factory holds beyond its connections, which are not closed.
     *
     * @return completes when that is done; idempotent; never fails
     */
    @Override
    public Mono<Void> close() {
        return transport.close();
    }

    /** The database, without a token. */
    @Override
    public String toString() {
        return "LibsqlConnectionFactory[" + defaults.database() + "]";
    }
}
