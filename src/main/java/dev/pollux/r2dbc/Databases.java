package dev.pollux.r2dbc;

import dev.pollux.r2dbc.transport.Transport;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.util.regex.Pattern;

/** The kinds of database a URL can name. */
enum Databases {
    FILE("SQLite", "org.xerial:sqlite-jdbc") {
        @Override
        Transport open(OptionReader options) {
            return LocalDatabases.file(options);
        }
    },
    MEMORY("SQLite", "org.xerial:sqlite-jdbc") {
        @Override
        Transport open(OptionReader options) {
            return LocalDatabases.memory(options);
        }
    },
    SERVER("libSQL", "com.squareup.okhttp3:okhttp-jvm") {
        @Override
        Transport open(OptionReader options) {
            return RemoteDatabases.server(options);
        }
    };

    private static final Pattern PROTOCOL = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*");

    private final String product;
    private final String dependency;

    Databases(String product, String dependency) {
        this.product = product;
        this.dependency = dependency;
    }

    abstract Transport open(OptionReader options);

    /** The kind that the protocol names; none is a server. */
    static Databases of(OptionReader options) {
        String protocol = options.text(ConnectionFactoryOptions.PROTOCOL);
        return switch (protocol == null ? "" : protocol) {
            case "file" -> FILE;
            case "mem" -> MEMORY;
            case "", "libsql", "https", "http" -> SERVER;
            default -> throw new IllegalArgumentException(unknown(String.valueOf(protocol)));
        };
    }

    /** The SPI takes all before the last {@code ://} for the protocol, which may be a token. */
    private static String unknown(String protocol) {
        return PROTOCOL.matcher(protocol).matches()
                ? "unknown protocol \"" + OptionReader.shown(protocol) + "\": a URL begins with"
                        + " r2dbc:libsql:file://, r2dbc:libsql:mem://, r2dbc:libsql://, r2dbc:libsql:https:// or"
                        + " r2dbc:libsql:http://"
                : "the URL has a second ://, which makes of all before it a protocol that there is not: in the value of an"
                        + " option write it as %3A%2F%2F";
    }

    /** The transport, whose library is an optional dependency. */
    Transport transport(OptionReader options) {
        try {
            return open(options);
        } catch (NoClassDefFoundError e) {
            throw new IllegalStateException(
                    "a library is missing: add " + dependency + " to the dependencies of your project", e);
        }
    }

    String product() {
        return product;
    }
}
