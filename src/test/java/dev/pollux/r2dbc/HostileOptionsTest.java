package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.faults.Reported;
import dev.pollux.testing.HostileText;
import dev.pollux.testing.Tries;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.assertj.core.util.Throwables;
import reactor.core.publisher.Mono;

/** Any text as a URL or an option: it names a database, or is refused with one kind of exception, without a token. */
@AddLifecycleHook(Tries.class)
@AddLifecycleHook(Reported.class)
class HostileOptionsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int MOST_LETTERS = 2_000;
    static final String SECRET = "s3cr3t";
    /** URLs begin with one of these. */
    static final List<String> STARTS = List.of(
            "",
            ":memory:",
            "file:",
            "file:/x.db?",
            "libsql://",
            "libsql://:" + SECRET + "@",
            "libsql://h?authToken=" + SECRET + "&",
            "https://h:",
            "r2dbc:libsql:",
            "r2dbc:libsql:mem:///",
            "r2dbc:libsql:file:///",
            "r2dbc:libsql:file:rel.db?",
            "r2dbc:libsql://user:" + SECRET + "@h:1?tls=0&",
            "r2dbcs:libsql://h/");

    private static final String[] NUMBERS = {
        "-1",
        "0",
        "1",
        "65536",
        "99999",
        "2147483648",
        "9223372036854775807",
        "99999999999999999999",
        "PT0S",
        "PT-1S",
        "PT0.0000001S",
        "PT2562047788015215H",
        "P99999999D",
        "\u0661",
        "1e3",
        "true",
        "WAL",
        "ro"
    };

    @Provide
    Arbitrary<String> urls() {
        return Combinators.combine(Arbitraries.of(STARTS), HostileText.any()).as(String::concat);
    }

    @Provide
    Arbitrary<String> values() {
        return Arbitraries.oneOf(HostileText.any(), Arbitraries.of(NUMBERS));
    }

    @Provide
    Arbitrary<String> remoteOptions() {
        return options(
                KnownOptions.REMOTE, "host", "port", "database", "connectTimeout", "statementTimeout", "protocol");
    }

    @Provide
    Arbitrary<String> localOptions() {
        return options(KnownOptions.LOCAL, "lockWaitTimeout", "statementTimeout");
    }

    private static Arbitrary<String> options(Set<String> own, String... more) {
        return Arbitraries.of(
                Stream.concat(own.stream(), Stream.of(more)).sorted().toList());
    }

    private static void assertClear(RuntimeException error, int mostLetters) {
        assertThat(error.getMessage()).isNotNull().hasSizeBetween(10, mostLetters);
        assertThat(Throwables.getStackTrace(error)).doesNotContain(SECRET);
    }

    @Property(tries = 1_000)
    void anyUrlIsTakenOrRefused(@ForAll("urls") String url) {
        takeOrRefuse(url, MOST_LETTERS);
    }

    /** @param mostLetters how long a refusal may be */
    static void takeOrRefuse(String url, int mostLetters) {
        try {
            LibsqlConnectionFactory factory = LibsqlConnectionFactory.of(url);
            assertThat(factory.toString()).doesNotContain(SECRET);
            factory.close().block(PATIENCE);
        } catch (IllegalArgumentException e) {
            assertClear(e, mostLetters);
        }
    }

    /** Nothing listens on port 1. */
    @Property(tries = 300)
    void anyOptionOfAServerIsHeededOrRefused(@ForAll("remoteOptions") String option, @ForAll("values") String value) {
        ConnectionFactoryOptions options = ConnectionFactoryOptions.builder()
                .option(ConnectionFactoryOptions.DRIVER, "libsql")
                .option(ConnectionFactoryOptions.HOST, "127.0.0.1")
                .option(ConnectionFactoryOptions.PORT, 1)
                .option(ConnectionFactoryOptions.SSL, false)
                .option(Option.valueOf(option), value)
                .build();
        boolean here = !option.equals("host") && !option.equals("protocol");
        use(options, here);
    }

    @Property(tries = 100)
    void anyOptionOfAMemoryDatabaseIsHeededOrRefused(
            @ForAll("localOptions") String option, @ForAll("values") String value) {
        use(
                ConnectionFactoryOptions.builder()
                        .option(ConnectionFactoryOptions.DRIVER, "libsql")
                        .option(ConnectionFactoryOptions.PROTOCOL, "mem")
                        .option(Option.valueOf(option), value)
                        .build(),
                true);
    }

    private static void use(ConnectionFactoryOptions options, boolean connect) {
        try {
            LibsqlConnectionFactory factory = LibsqlConnectionFactory.of(options);
            if (connect) {
                factory.create()
                        .flatMap(connection -> Mono.from(connection.close()))
                        .block(PATIENCE);
            }
            factory.close().block(PATIENCE);
        } catch (IllegalArgumentException | R2dbcException e) {
            assertClear(e, MOST_LETTERS);
        }
    }

    /** A name of a file can hold what means something in a URL: the file of that name is opened, and no other. */
    @Property(tries = 60)
    void aFileOfAnyNameIsOpenedOrRefused(@ForAll("names") String name) {
        Path folder = folder();
        try {
            LibsqlConnectionFactory factory = LibsqlConnectionFactory.of(ConnectionFactoryOptions.builder()
                    .option(ConnectionFactoryOptions.DRIVER, "libsql")
                    .option(ConnectionFactoryOptions.PROTOCOL, "file")
                    .option(ConnectionFactoryOptions.DATABASE, folder.resolve("x") + name)
                    .build());
            factory.create()
                    .flatMap(connection -> Mono.from(connection.close()))
                    .block(PATIENCE);
            assertThat(Path.of(folder.resolve("x") + name)).exists();
            assertThat(list(folder))
                    .allSatisfy(
                            file -> assertThat(file.getFileName().toString()).startsWith("x" + name));
        } catch (IllegalArgumentException | R2dbcException e) {
            assertClear(e, MOST_LETTERS);
        } finally {
            remove(folder);
        }
    }

    @Provide
    Arbitrary<String> names() {
        return HostileText.brief().map(text -> text.replace('/', '_'));
    }

    private static Path folder() {
        try {
            return Files.createTempDirectory("pollux-hostile");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> list(Path folder) {
        try (Stream<Path> all = Files.list(folder)) {
            return all.toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void remove(Path folder) {
        Stream.concat(list(folder).stream(), Stream.of(folder))
                .sorted(Comparator.reverseOrder())
                .forEach(path -> path.toFile().delete());
    }
}
