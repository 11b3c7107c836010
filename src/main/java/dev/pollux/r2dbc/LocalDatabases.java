package dev.pollux.r2dbc;

import dev.pollux.r2dbc.local.LocalOptions;
import dev.pollux.r2dbc.local.LocalTransport;
import dev.pollux.r2dbc.transport.Transport;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Options to a transport for a file or a memory database. Apart from its user, lest it load what is not needed. */
final class LocalDatabases {

    private static final Pattern DRIVE = Pattern.compile("[A-Za-z]:([/\\\\].*)?");

    /** There is nothing in memory that these could do. */
    private static final List<Option<?>> FOR_FILES = List.of(
            LibsqlConnectionFactoryProvider.CREATE,
            LibsqlConnectionFactoryProvider.MODE,
            LibsqlConnectionFactoryProvider.JOURNAL_MODE,
            LibsqlConnectionFactoryProvider.SYNCHRONOUS,
            LibsqlConnectionFactoryProvider.CACHE_SIZE,
            LibsqlConnectionFactoryProvider.MMAP_SIZE);

    private LocalDatabases() {}

    static Transport memory(OptionReader options) {
        for (Option<?> option : FOR_FILES) {
            if (options.has(option)) {
                options.problem("option " + option.name() + " is only for files");
            }
        }
        LocalOptions.Builder builder = LocalOptions.memory(path(options));
        apply(options, builder);
        options.throwProblems();
        return new LocalTransport(builder.build());
    }

    static Transport file(OptionReader options) {
        String path = path(options);
        if (path.isEmpty()) {
            options.problem("the URL names no file: write r2dbc:libsql:file:///absolute/path.db, or"
                    + " r2dbc:libsql:file://./relative.db");
        }
        LocalOptions.Builder builder = LocalOptions.file(toPath(options, path));
        apply(options, builder);
        options.throwProblems();
        return new LocalTransport(builder.build());
    }

    private static Path toPath(OptionReader options, String path) {
        String host = options.text(ConnectionFactoryOptions.HOST);
        boolean asIs = (host != null && !host.isEmpty())
                || path.startsWith("/")
                || path.startsWith("./")
                || path.startsWith("../")
                || isDrive(path);
        try {
            return Path.of(asIs ? path : "/" + path);
        } catch (InvalidPathException e) {
            options.problem("\"" + OptionReader.shown(path) + "\" is not a path: " + e.getReason());
            return Path.of(".");
        }
    }

    /** Whether a path begins with one of Windows' drive letters. */
    static boolean isDrive(String path) {
        return DRIVE.matcher(path).matches();
    }

    /** What follows the two slashes: a host, if there is one, is the path's first part. */
    private static String path(OptionReader options) {
        if (options.has(ConnectionFactoryOptions.PORT)) {
            options.problem("a file or memory database has no port");
        }
        String host = options.text(ConnectionFactoryOptions.HOST);
        String database = options.text(ConnectionFactoryOptions.DATABASE);
        if (host == null || host.isEmpty()) {
            return database == null ? "" : database;
        }
        return database == null ? host : host + "/" + database;
    }

    private static void apply(OptionReader options, LocalOptions.Builder builder) {
        mode(options, builder);
        set(
                options.oneOf(LibsqlConnectionFactoryProvider.JOURNAL_MODE, LocalOptions.JournalMode.class),
                builder::journalMode);
        set(
                options.oneOf(LibsqlConnectionFactoryProvider.SYNCHRONOUS, LocalOptions.Synchronous.class),
                builder::synchronous);
        set(options.flag(LibsqlConnectionFactoryProvider.FOREIGN_KEYS), builder::foreignKeys);
        set(options.integer(LibsqlConnectionFactoryProvider.CACHE_SIZE), builder::cacheSize);
        set(options.wide(LibsqlConnectionFactoryProvider.MMAP_SIZE), builder::mmapSize);
        set(options.integer(LibsqlConnectionFactoryProvider.STATEMENT_CACHE_SIZE), builder::statementCacheSize);
        Duration busy = options.duration(LibsqlConnectionFactoryProvider.BUSY_TIMEOUT);
        set(busy, builder::busyTimeout);
    }

    private static void mode(OptionReader options, LocalOptions.Builder builder) {
        Boolean readOnly = options.flag(LibsqlConnectionFactoryProvider.READ_ONLY);
        Boolean create = options.flag(LibsqlConnectionFactoryProvider.CREATE);
        String mode = options.text(LibsqlConnectionFactoryProvider.MODE);
        if (mode != null) {
            if (readOnly != null || create != null) {
                options.problem("mode says the same as readOnly and create: give one or the others");
            }
            switch (mode) {
                case "ro" -> readOnly = true;
                case "rw" -> create = false;
                case "rwc" -> {}
                default ->
                    options.problem("mode is \"" + OptionReader.shown(mode) + "\": it must be ro, rw or rwc"
                            + (mode.equals("memory") ? " (for a memory database write r2dbc:libsql:mem:///name)" : ""));
            }
        }
        set(readOnly, builder::readOnly);
        set(create, builder::create);
    }

    private static <T> void set(@Nullable T value, Consumer<T> setter) {
        if (value != null) {
            setter.accept(value);
        }
    }
}
