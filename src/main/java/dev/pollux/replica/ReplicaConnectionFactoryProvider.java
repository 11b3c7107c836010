package dev.pollux.replica;

import dev.pollux.r2dbc.LibsqlConnectionFactory;
import dev.pollux.r2dbc.LibsqlConnectionFactoryProvider;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.ConnectionFactoryProvider;
import io.r2dbc.spi.Option;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds the replica for {@code r2dbc:libsql:file:...} URLs that have a {@code syncUrl}:
 *
 * <pre>
 * r2dbc:libsql:file://./edge.db?syncUrl=libsql://shop-acme.turso.io&amp;authToken=...&amp;syncInterval=PT5S
 * </pre>
 *
 * <p>{@link LibsqlConnectionFactoryProvider} has the other options of files. Those of the remote are written into the {@code
 * syncUrl}, percent-encoded; its token may as well be {@code authToken} or {@code authTokenSupplier} of the whole.
 */
public final class ReplicaConnectionFactoryProvider implements ConnectionFactoryProvider {

    /** The remote database: {@code libsql://host}, {@code https://host} or {@code http://host:port}, also after {@code r2dbc:}. */
    public static final Option<String> SYNC_URL = Option.valueOf(LibsqlConnectionFactoryProvider.SYNC_URL_NAME);

    /** {@link ReplicaConfig#syncInterval()}, in ISO-8601 ({@code PT5S}) or milliseconds. */
    public static final Option<Duration> SYNC_INTERVAL = Option.valueOf("syncInterval");

    /** {@link ReplicaConfig#reenqueueOrphanedAfter()}, in ISO-8601 or milliseconds. */
    public static final Option<Duration> REENQUEUE_ORPHANED_AFTER = Option.valueOf("reenqueueOrphanedAfter");

    private static final Set<String> NOT_OF_THE_FILE = Set.of(
            SYNC_URL.name(),
            SYNC_INTERVAL.name(),
            REENQUEUE_ORPHANED_AFTER.name(),
            LibsqlConnectionFactoryProvider.AUTH_TOKEN.name(),
            LibsqlConnectionFactoryProvider.AUTH_TOKEN_SUPPLIER.name());

    /** Made by the service loader. */
    public ReplicaConnectionFactoryProvider() {}

    /**
     * A replica with the options' settings, which closes both of its databases when it is closed. Opens nothing.
     *
     * @throws IllegalArgumentException naming what is wrong with the options; the message holds no token
     */
    @Override
    public Replica create(ConnectionFactoryOptions options) {
        ConnectionFactoryOptions local = ConnectionFactoryOptions.builder()
                .from(options, option -> !NOT_OF_THE_FILE.contains(option.name()))
                .build();
        if (!"file".equals(options.getValue(ConnectionFactoryOptions.PROTOCOL))) {
            throw new IllegalArgumentException("option syncUrl is only for files: r2dbc:libsql:file:...?syncUrl=...");
        }
        ReplicaConfig.Builder config = ReplicaConfig.builder();
        Duration interval = duration(options, SYNC_INTERVAL);
        if (interval != null) {
            config.syncInterval(interval);
        }
        Duration orphanedAfter = duration(options, REENQUEUE_ORPHANED_AFTER);
        if (orphanedAfter != null) {
            config.reenqueueOrphanedAfter(orphanedAfter).margin(orphanedAfter.dividedBy(10));
        }
        ReplicaConfig settings = config.build();
        return Replica.owning(LibsqlConnectionFactory.of(local), remote(options), settings);
    }

    private static LibsqlConnectionFactory remote(ConnectionFactoryOptions options) {
        String url = String.valueOf(options.getValue(SYNC_URL));
        String spi = url.startsWith("r2dbc:")
                ? url
                : "r2dbc:libsql" + (url.startsWith("libsql:") ? url.substring("libsql".length()) : ":" + url);
        ConnectionFactoryOptions parsed;
        try {
            parsed = ConnectionFactoryOptions.parse(spi);
        } catch (IllegalArgumentException e) {
            // Not given as the cause, for its message holds the URL, which may hold a token.
            throw new IllegalArgumentException(
                    "option syncUrl is no URL of a libSQL server: libsql://host, https://host or"
                            + " http://host:port, with its own options percent-encoded");
        }
        ConnectionFactoryOptions.Builder remote = parsed.mutate();
        Object token = options.getValue(LibsqlConnectionFactoryProvider.AUTH_TOKEN);
        if (token != null) {
            remote.option(LibsqlConnectionFactoryProvider.AUTH_TOKEN, (CharSequence) token);
        }
        Object supplier = options.getValue(LibsqlConnectionFactoryProvider.AUTH_TOKEN_SUPPLIER);
        if (supplier != null) {
            @SuppressWarnings("unchecked") // As the option's type says.
            Supplier<String> tokens = (Supplier<String>) supplier;
            remote.option(LibsqlConnectionFactoryProvider.AUTH_TOKEN_SUPPLIER, tokens);
        }
        try {
            return LibsqlConnectionFactory.of(remote.build());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("option syncUrl: " + e.getMessage(), e);
        }
    }

    private static @Nullable Duration duration(ConnectionFactoryOptions options, Option<Duration> option) {
        Object value = options.getValue(option);
        if (value == null || value instanceof Duration) {
            return (Duration) value;
        }
        String text = value.toString();
        try {
            return text.matches("\\d{1,12}") ? Duration.ofMillis(Long.parseLong(text)) : Duration.parse(text);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(
                    "option " + option.name() + " must be a duration such as PT5S, or milliseconds");
        }
    }

    @Override
    public boolean supports(ConnectionFactoryOptions options) {
        return LibsqlConnectionFactoryProvider.DRIVER.equals(options.getValue(ConnectionFactoryOptions.DRIVER))
                && options.hasOption(SYNC_URL);
    }

    @Override
    public String getDriver() {
        return LibsqlConnectionFactoryProvider.DRIVER;
    }
}
