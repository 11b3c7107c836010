package dev.pollux.r2dbc;

import dev.pollux.r2dbc.transport.Transport;
import io.r2dbc.spi.ConnectionFactoryOptions;

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
            default ->
                throw new IllegalArgumentException(
                        "unknown protocol \"" + OptionReader.shown(String.valueOf(protocol)) + "\": a URL begins with"
                                + " r2dbc:libsql:file://, r2dbc:libsql:mem://, r2dbc:libsql://, r2dbc:libsql:https:// or"
                                + " r2dbc:libsql:http://");
        };
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
