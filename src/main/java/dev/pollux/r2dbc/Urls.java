package dev.pollux.r2dbc;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** URLs in all the forms people know, as the SPI's options. No message holds more of a URL than its scheme. */
final class Urls {

    private static final Pattern FILE = Pattern.compile("(?:r2dbc:libsql:)?file:(?!//)([^?]*)(?:\\?(.*))?");
    private static final Pattern FILE_WITH_SLASHES = Pattern.compile("file:(//.*)");
    private static final Pattern SERVER = Pattern.compile("(libsql|https?)(://.*)");
    private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*:)*");

    private Urls() {}

    static ConnectionFactoryOptions parse(String url) {
        if (url.equals(":memory:") || url.equals("file::memory:")) {
            return options("mem").build();
        }
        Matcher file = FILE.matcher(url);
        if (file.matches()) {
            return file(file.group(1), file.group(2));
        }
        Matcher slashes = FILE_WITH_SLASHES.matcher(url);
        if (slashes.matches()) {
            return spi("r2dbc:libsql:file:" + slashes.group(1), url);
        }
        Matcher server = SERVER.matcher(url);
        if (server.matches()) {
            String scheme = server.group(1).equals("libsql") ? "" : ":" + server.group(1);
            return spi("r2dbc:libsql" + scheme + server.group(2), url);
        }
        if (url.startsWith("r2dbc:libsql:") || url.startsWith("r2dbcs:libsql:")) {
            return spi(url, url);
        }
        throw malformed(url, "its scheme is not one of r2dbc:libsql:, libsql:, https:, http: and file:");
    }

    private static ConnectionFactoryOptions spi(String rewritten, String url) {
        try {
            return ConnectionFactoryOptions.parse(rewritten);
        } catch (IllegalArgumentException e) {
            // Not given as the cause, for its message holds the URL, which may hold a token.
            throw malformed(url, "it is not formed as a URL; blanks and the like must be percent-encoded");
        }
    }

    private static IllegalArgumentException malformed(String url, String why) {
        Matcher scheme = SCHEME.matcher(url);
        String start = scheme.lookingAt() ? scheme.group() : "";
        return new IllegalArgumentException("the URL \"" + start + "...\" cannot be used: " + why);
    }

    /** SQLite's own form: the path as it is, from the working directory unless it begins with a slash. */
    private static ConnectionFactoryOptions file(String path, @Nullable String query) {
        ConnectionFactoryOptions.Builder options = options("file");
        String plain = decode(path);
        if (!plain.isEmpty()) {
            boolean asIs = plain.startsWith("/") || plain.startsWith("./") || plain.startsWith("../");
            options.option(
                    ConnectionFactoryOptions.DATABASE, asIs || LocalDatabases.isDrive(plain) ? plain : "./" + plain);
        }
        for (String pair : (query == null ? "" : query).split("&", -1)) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                options.option(Option.valueOf(decode(pair.substring(0, equals))), decode(pair.substring(equals + 1)));
            }
        }
        return options.build();
    }

    private static String decode(String text) {
        // In a path a plus is a plus.
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static ConnectionFactoryOptions.Builder options(String protocol) {
        return ConnectionFactoryOptions.builder()
                .option(ConnectionFactoryOptions.DRIVER, LibsqlConnectionFactoryProvider.DRIVER)
                .option(ConnectionFactoryOptions.PROTOCOL, protocol);
    }
}
