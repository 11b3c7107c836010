package dev.pollux.r2dbc;

import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.AUTH_TOKEN;
import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.AUTH_TOKEN_SUPPLIER;
import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.BUSY_TIMEOUT;
import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.CACHE_SIZE;
import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.CALL_TIMEOUT;
import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.CONSISTENT_READS;
import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.CREATE;
import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.FOREIGN_KEYS;
import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.H2C;
import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.JOURNAL_MODE;
import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.MMAP_SIZE;
import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.MODE;
import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.NAMESPACE;
import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.READ_ONLY;
import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.READ_TIMEOUT;
import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.STATEMENT_CACHE_SIZE;
import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.SYNCHRONOUS;
import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.TLS;
import static dev.pollux.r2dbc.LibsqlConnectionFactoryProvider.USER_AGENT;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The names of the options that the driver knows, by the kind of database they are for. */
final class KnownOptions {

    static final Set<String> LOCAL = names(
            READ_ONLY,
            CREATE,
            MODE,
            JOURNAL_MODE,
            SYNCHRONOUS,
            FOREIGN_KEYS,
            BUSY_TIMEOUT,
            CACHE_SIZE,
            MMAP_SIZE,
            STATEMENT_CACHE_SIZE);

    static final Set<String> REMOTE = names(
            CALL_TIMEOUT,
            READ_TIMEOUT,
            CONSISTENT_READS,
            NAMESPACE,
            AUTH_TOKEN,
            AUTH_TOKEN_SUPPLIER,
            TLS,
            H2C,
            USER_AGENT);

    /** The SPI's own; each kind of database takes those it has a use for. */
    private static final Set<String> STANDARD = names(
            ConnectionFactoryOptions.DRIVER,
            ConnectionFactoryOptions.PROTOCOL,
            ConnectionFactoryOptions.HOST,
            ConnectionFactoryOptions.PORT,
            ConnectionFactoryOptions.USER,
            ConnectionFactoryOptions.PASSWORD,
            ConnectionFactoryOptions.DATABASE,
            ConnectionFactoryOptions.SSL,
            ConnectionFactoryOptions.CONNECT_TIMEOUT,
            ConnectionFactoryOptions.STATEMENT_TIMEOUT,
            ConnectionFactoryOptions.LOCK_WAIT_TIMEOUT);

    /** Meant for r2dbc-pool and r2dbc-proxy, which leave them in the options they hand on. */
    private static final Set<String> OTHERS = Set.of(
            "acquireRetry",
            "backgroundEvictionInterval",
            "initialSize",
            "maxAcquireTime",
            "maxCreateConnectionTime",
            "maxIdleTime",
            "maxLifeTime",
            "maxSize",
            "maxValidationTime",
            "minIdle",
            "poolName",
            "postAllocate",
            "preRelease",
            "proxyListener",
            "registerJmx",
            "validationDepth",
            "validationQuery");

    /** How many unknown ones a message names. */
    private static final int NAMED = 10;

    private KnownOptions() {}

    private static Set<String> names(Option<?>... options) {
        return Stream.of(options).map(Option::name).collect(Collectors.toUnmodifiableSet());
    }

    /** Reports what is not known, and what is known but not for this kind of database. */
    static void check(OptionReader options, boolean remote) {
        List<String> unknown = new ArrayList<>();
        for (String name : options.names()) {
            if (name.equals(LibsqlConnectionFactoryProvider.SYNC_URL_NAME)) {
                options.problem("option syncUrl makes a replica: use ConnectionFactories.get, which finds it");
            } else if ((remote ? LOCAL : REMOTE).contains(name)) {
                options.problem("option " + name + " is only for "
                        + (remote ? "files and memory databases" : "libSQL servers"));
            } else if (!LOCAL.contains(name)
                    && !REMOTE.contains(name)
                    && !STANDARD.contains(name)
                    && !OTHERS.contains(name)) {
                unknown.add('"' + OptionReader.shown(name) + '"');
            }
        }
        if (!unknown.isEmpty()) {
            int more = unknown.size() - NAMED;
            options.problem("unknown option" + (unknown.size() == 1 ? " " : "s ")
                    + String.join(", ", unknown.subList(0, Math.min(NAMED, unknown.size())))
                    + (more > 0 ? " and " + more + " more" : "") + ": known for "
                    + (remote ? "a libSQL server" : "a file or memory database") + " are "
                    + listed(remote ? REMOTE : LOCAL, remote));
        }
    }

    private static Set<String> listed(Set<String> own, boolean remote) {
        Set<String> all = new TreeSet<>(own);
        all.add(ConnectionFactoryOptions.CONNECT_TIMEOUT.name());
        all.add(ConnectionFactoryOptions.STATEMENT_TIMEOUT.name());
        all.add((remote ? ConnectionFactoryOptions.SSL : ConnectionFactoryOptions.LOCK_WAIT_TIMEOUT).name());
        return all;
    }
}
