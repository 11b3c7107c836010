package dev.pollux.r2dbc;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.ConnectionFactoryProvider;
import io.r2dbc.spi.Option;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * Finds the driver for {@code r2dbc:libsql:...} URLs, and declares the options it knows.
 *
 * <pre>
 * r2dbc:libsql:file:///abs/path.db      a file, by its absolute path
 * r2dbc:libsql:file://./rel.db          a file, by a path from the working directory
 * r2dbc:libsql:mem:///name              a memory database that this JVM shares by its name
 * r2dbc:libsql:mem:///                  a private memory database, gone with its factory
 * r2dbc:libsql://host[:port]            a libSQL server, by https
 * r2dbc:libsql://host:port?tls=0        the same, by http
 * r2dbc:libsql:http://host:port         the same
 * </pre>
 *
 * <p>Where a file's URL has a host it is the path's first part, so {@code file://dir/x.db} is {@code dir/x.db}. A path
 * set by {@link ConnectionFactoryOptions#DATABASE} alone is absolute unless it begins with {@code ./} or {@code ../}.
 *
 * <p><b>Tokens.</b> A server's token is the password ({@code r2dbc:libsql://:TOKEN@host}, or {@link
 * ConnectionFactoryOptions#PASSWORD}), which the SPI never shows, or {@link #AUTH_TOKEN}, or {@link
 * #AUTH_TOKEN_SUPPLIER}. Prefer the password to {@code ?authToken=} in a URL: if that URL is the first that this JVM
 * parses, before this class is loaded, the SPI takes {@code authToken} for an ordinary option, and {@link
 * ConnectionFactoryOptions#toString()} then shows it. Nothing of this driver ever shows a token.
 *
 * <p>In a URL, durations are ISO-8601 ({@code PT5S}) or milliseconds, and switches are {@code true}, {@code false},
 * {@code 1} or {@code 0}. {@link ConnectionFactoryOptions#CONNECT_TIMEOUT}, {@link
 * ConnectionFactoryOptions#STATEMENT_TIMEOUT} and {@link ConnectionFactoryOptions#LOCK_WAIT_TIMEOUT} are heeded; an
 * option that is not known is an error, as is one that the kind of database does not have.
 */
public final class LibsqlConnectionFactoryProvider implements ConnectionFactoryProvider {

    /** The driver's name in URLs and options. */
    public static final String DRIVER = "libsql";

    /**
     * The name of the option that makes a file a replica of a remote database: such URLs are not for this driver itself, but for
     * {@code dev.pollux.replica}, which stands on it.
     */
    public static final String SYNC_URL_NAME = "syncUrl";

    /** Files and memory: whether connections may only read. Default: false. */
    public static final Option<Boolean> READ_ONLY = Option.valueOf("readOnly");

    /** Files: whether a missing file is created. Default: true. */
    public static final Option<Boolean> CREATE = Option.valueOf("create");

    /**
     * Files: both of these in the words of SQLite's own URLs: {@code ro} (only read), {@code rw} (do not create) or
     * {@code rwc} (create). Default: rwc.
     */
    public static final Option<String> MODE = Option.valueOf("mode");

    /** Files: {@code WAL}, {@code DELETE}, {@code TRUNCATE} or {@code PERSIST}. Default: WAL. */
    public static final Option<String> JOURNAL_MODE = Option.valueOf("journalMode");

    /**
     * Files: when a commit waits for the disk: {@code OFF}, {@code NORMAL}, {@code FULL} or {@code EXTRA}. Default:
     * FULL, with which a commit survives a loss of power.
     */
    public static final Option<String> SYNCHRONOUS = Option.valueOf("synchronous");

    /** Files and memory: whether foreign keys are enforced. Default: true, as libSQL servers do. */
    public static final Option<Boolean> FOREIGN_KEYS = Option.valueOf("foreignKeys");

    /** Files and memory: how long work waits for a lock that another connection holds. Default: 5 seconds. */
    public static final Option<Duration> BUSY_TIMEOUT = Option.valueOf("busyTimeout");

    /** Files: each connection's page cache, in pages, or in KiB if negative. Default: -16000. */
    public static final Option<Integer> CACHE_SIZE = Option.valueOf("cacheSize");

    /** Files: how many bytes are mapped into memory. Default: 0. */
    public static final Option<Long> MMAP_SIZE = Option.valueOf("mmapSize");

    /** Files and memory: how many prepared statements each connection keeps. Default: 64. */
    public static final Option<Integer> STATEMENT_CACHE_SIZE = Option.valueOf("statementCacheSize");

    /** Servers: how long one request may take from the first byte sent to the last received. Default: 30 seconds. */
    public static final Option<Duration> CALL_TIMEOUT = Option.valueOf("callTimeout");

    /**
     * Servers: how long the server may send nothing while an answer is awaited. A write that waits for a lock is silent
     * that long, 5 seconds and more. Default: no limit but the call timeout, which for rows that stream is the limit of
     * each silence.
     */
    public static final Option<Duration> READ_TIMEOUT = Option.valueOf("readTimeout");

    /**
     * Servers: whether a read through a replica waits until it has the writes that any connection of the same factory was
     * answered before. A write whose answer was lost is not waited for. Of no effect on a primary. Default: false.
     */
    public static final Option<Boolean> CONSISTENT_READS = Option.valueOf("consistentReads");

    /** Servers: the namespace of a server that has several. Default: none. */
    public static final Option<String> NAMESPACE = Option.valueOf("namespace");

    /** Servers: the token. Default: none. See above for how to give it in a URL. */
    public static final Option<CharSequence> AUTH_TOKEN = Option.sensitiveValueOf("authToken");

    /**
     * Servers: gives the token for each request, for tokens that change; it must not block. When the server refuses a
     * token it is asked again, and if it gives another, the request is sent once more. Default: none.
     */
    public static final Option<Supplier<String>> AUTH_TOKEN_SUPPLIER = Option.sensitiveValueOf("authTokenSupplier");

    /** Servers: whether to use TLS; the same as {@link ConnectionFactoryOptions#SSL}. Default: true for libsql and https. */
    public static final Option<Boolean> TLS = Option.valueOf("tls");

    /** Servers: whether to use HTTP/2 by prior knowledge where there is no TLS. Default: false. */
    public static final Option<Boolean> H2C = Option.valueOf("h2c");

    /** Servers: the User-Agent header. Default: the library's name and version. */
    public static final Option<String> USER_AGENT = Option.valueOf("userAgent");

    /** Made by the service loader. */
    public LibsqlConnectionFactoryProvider() {}

    /**
     * A factory for the database that the options name. Opens nothing.
     *
     * @throws IllegalArgumentException naming everything that is wrong with the options
     */
    @Override
    public LibsqlConnectionFactory create(ConnectionFactoryOptions connectionFactoryOptions) {
        return LibsqlConnectionFactory.of(connectionFactoryOptions);
    }

    @Override
    public boolean supports(ConnectionFactoryOptions connectionFactoryOptions) {
        return DRIVER.equals(Require.nonNull(connectionFactoryOptions, "connectionFactoryOptions")
                        .getValue(ConnectionFactoryOptions.DRIVER))
                && !connectionFactoryOptions.hasOption(Option.valueOf(SYNC_URL_NAME));
    }

    @Override
    public String getDriver() {
        return DRIVER;
    }
}
