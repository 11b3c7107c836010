package dev.pollux.r2dbc;

import dev.pollux.r2dbc.hrana.HranaOptions;
import dev.pollux.r2dbc.hrana.HranaTransport;
import dev.pollux.r2dbc.transport.Transport;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Options to a transport for a libSQL server. Apart from its user, lest it load what is not needed. */
final class RemoteDatabases {

    private RemoteDatabases() {}

    static Transport server(OptionReader options) {
        HranaOptions.Builder builder = HranaOptions.builder(address(options));
        token(options, builder);
        if (options.has(ConnectionFactoryOptions.LOCK_WAIT_TIMEOUT)) {
            options.problem("lockWaitTimeout is only for files and memory databases, for a libSQL server decides by"
                    + " itself how long a write waits: set statementTimeout instead");
        }
        Duration connect = options.duration(ConnectionFactoryOptions.CONNECT_TIMEOUT);
        if (connect != null) {
            builder.connectTimeout(connect);
        }
        Duration call = options.duration(LibsqlConnectionFactoryProvider.CALL_TIMEOUT);
        if (call != null) {
            builder.callTimeout(call);
        }
        builder.readTimeout(options.duration(LibsqlConnectionFactoryProvider.READ_TIMEOUT));
        Boolean consistentReads = options.flag(LibsqlConnectionFactoryProvider.CONSISTENT_READS);
        if (consistentReads != null) {
            builder.consistentReads(consistentReads);
        }
        Boolean h2c = options.flag(LibsqlConnectionFactoryProvider.H2C);
        if (h2c != null) {
            builder.h2c(h2c);
        }
        String userAgent = options.text(LibsqlConnectionFactoryProvider.USER_AGENT);
        if (userAgent != null) {
            builder.userAgent(userAgent);
        }
        builder.namespace(options.text(LibsqlConnectionFactoryProvider.NAMESPACE));
        options.throwProblems();
        return new HranaTransport(builder.build());
    }

    private static URI address(OptionReader options) {
        String host = options.text(ConnectionFactoryOptions.HOST);
        if (host == null || host.isEmpty()) {
            options.problem("the URL names no host: write r2dbc:libsql://host, or for a local database"
                    + " r2dbc:libsql:file:///path.db");
            host = "none";
        }
        Integer port = options.integer(ConnectionFactoryOptions.PORT);
        boolean tls = tls(options, port != null);
        String path = options.text(ConnectionFactoryOptions.DATABASE);
        try {
            return new URI(
                    tls ? "https" : "http",
                    null,
                    host,
                    port == null ? -1 : port,
                    path == null ? null : path.startsWith("/") ? path : "/" + path,
                    null,
                    null);
        } catch (URISyntaxException e) {
            options.problem("the host or path cannot be used: " + e.getReason());
            return URI.create("https://none");
        }
    }

    /** Whether to use TLS, by the rules of libSQL's URLs. */
    private static boolean tls(OptionReader options, boolean hasPort) {
        String protocol = options.text(ConnectionFactoryOptions.PROTOCOL);
        Boolean asked = options.flag(LibsqlConnectionFactoryProvider.TLS);
        Boolean ssl = options.flag(ConnectionFactoryOptions.SSL);
        if (asked != null && ssl != null && !asked.equals(ssl)) {
            options.problem("tls and ssl contradict each other");
        }
        Boolean wanted = asked == null ? ssl : asked;
        if ("http".equals(protocol)) {
            if (Boolean.TRUE.equals(wanted)) {
                options.problem("http means no TLS, but tls=1 asks for it: write https, or leave tls out");
            }
            return false;
        }
        if (!Boolean.FALSE.equals(wanted)) {
            return true;
        }
        if ("https".equals(protocol)) {
            options.problem("https means TLS, but tls=0 forbids it: write http, or leave tls out");
        } else if (!hasPort) {
            options.problem("tls=0 needs a port: write r2dbc:libsql://host:port?tls=0");
        }
        return false;
    }

    /** The token from the one place that gives it. No message here may hold it. */
    private static void token(OptionReader options, HranaOptions.Builder builder) {
        List<String> given = new ArrayList<>();
        String token = null;
        for (Option<?> option :
                List.of(LibsqlConnectionFactoryProvider.AUTH_TOKEN, (Option<?>) ConnectionFactoryOptions.PASSWORD)) {
            String text = options.text(option);
            if (text != null) {
                given.add(option.name());
                token = text;
                if (text.isBlank()) {
                    options.problem(option.name() + " is empty: leave it out if the server asks for no token");
                }
            }
        }
        Object source = options.raw(LibsqlConnectionFactoryProvider.AUTH_TOKEN_SUPPLIER);
        if (source != null) {
            given.add(LibsqlConnectionFactoryProvider.AUTH_TOKEN_SUPPLIER.name());
        }
        if (given.size() > 1) {
            options.problem("a token is given more than once, by " + given + ": give one");
        }
        if (source instanceof Supplier<?> supplier) {
            builder.authToken(() -> toText(supplier.get()));
        } else if (source != null) {
            options.problem(LibsqlConnectionFactoryProvider.AUTH_TOKEN_SUPPLIER.name() + " must be a Supplier");
        } else if (token != null) {
            builder.authToken(token);
        }
    }

    private static @Nullable String toText(@Nullable Object value) {
        return value == null ? null : value.toString();
    }
}
