package dev.pollux.readme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.TaskId;
import dev.pollux.r2dbc.LibsqlConnectionFactoryProvider;
import dev.pollux.readme.TenLines.Email;
import dev.pollux.replica.ReplicaConnectionFactoryProvider;
import dev.pollux.testing.TestDatabase;
import io.r2dbc.spi.Option;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.test.StepVerifier;

/** What README.md says is compiled, run and complete. */
class ReadmeTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Path BASE = Path.of(System.getProperty("basedir", ""));
    private static final Pattern FENCE =
            Pattern.compile("(?:<!-- snippet: ([^\\n]+?) -->\\n)?```(\\w+)\\n(.*?)```", Pattern.DOTALL);
    private static final Pattern SNIPPET = Pattern.compile("// snippet: ([^\\n]+)\\n(.*?)// end\\n", Pattern.DOTALL);

    private final String readme = read("README.md");

    private static String read(String file) {
        try {
            return Files.readString(BASE.resolve(file));
        } catch (IOException e) {
            throw new AssertionError(file, e);
        }
    }

    private List<MatchResult> fences(String language) {
        return FENCE.matcher(readme)
                .results()
                .filter(fence -> fence.group(2).equals(language))
                .toList();
    }

    private static String withoutBlanks(String code) {
        return code.replaceAll("\\s", "");
    }

    @Test
    void theTestsThatProveTheGuaranteesAreThere() {
        List<MatchResult> named = Pattern.compile("`(\\w+(?:Test|IT|Contract))(?:\\.(\\w+))?`")
                .matcher(read("docs/guarantees.md"))
                .results()
                .toList();
        assertThat(named).hasSizeGreaterThan(50).allSatisfy(test -> {
            String source = sourceOf(test.group(1));
            if (test.group(2) != null) {
                assertThat(source).contains("void " + test.group(2) + "(");
            }
        });
    }

    private static String sourceOf(String test) {
        try (Stream<Path> sources = Files.walk(BASE.resolve("src/test/java"))) {
            Path source = sources.filter(path -> path.endsWith(test + ".java"))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("there is no " + test));
            return Files.readString(source);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void itsJavaCodeIsWhatTheBuildCompiles() {
        Map<String, String> snippets = new LinkedHashMap<>();
        for (String source : List.of("TenLines", "Snippets", "ShopDatabase")) {
            SNIPPET.matcher(read("src/test/java/dev/pollux/readme/" + source + ".java"))
                    .results()
                    .forEach(found -> snippets.merge(found.group(1), found.group(2), String::concat));
        }
        List<String> shown = new ArrayList<>();
        for (MatchResult fence : fences("java")) {
            assertThat(withoutBlanks(fence.group(3)))
                    .as("README.md's snippet '%s'", fence.group(1))
                    .isEqualTo(withoutBlanks(snippets.getOrDefault(String.valueOf(fence.group(1)), "no such snippet")));
            shown.add(fence.group(1));
        }
        assertThat(shown).containsExactlyInAnyOrderElementsOf(snippets.keySet());
    }

    @Test
    void theFirstExampleRuns(@TempDir Path folder) throws Exception {
        Path log = folder.resolve("log");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        TenLines.class.getName())
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(Files.readString(log)).contains("status=DONE, attempts=0");
            assertThat(process.exitValue()).isZero();
            assertThat(folder.resolve("emails.db")).exists();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void theOtherExamplesRun() {
        TestDatabase database = TestDatabase.at("r2dbc:libsql:mem:///" + TaskId.next());
        LongAdder counted = new LongAdder();
        LibsqlStorage<Email> storage = LibsqlStorage.create(database.factory(), Email.class, Snippets.config(counted));
        storage.setup().block(PATIENCE);
        database.sql("CREATE TABLE Orders (item TEXT)");
        Email email = new Email("user@example.com", "Hello!");

        Snippets.push(storage, email).block(PATIENCE);
        Snippets.transaction(database.factory(), storage, email).block(PATIENCE);
        Snippets.stop(database.factory());

        assertThat(database.sql(
                        "SELECT count(*), (SELECT count(*) FROM Orders), (SELECT count(*) FROM Workers) FROM Jobs"))
                .containsExactly(List.of(2L, 1L, 0L));
        StepVerifier.create(Snippets.replica())
                .expectNext("LibsqlStorage[queue=email]")
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(Snippets.driver()).expectNext("a tea kettle").verifyComplete();
        Snippets.pool().dispose();
        assertThat(ShopDatabase.customers()).containsExactly("Carl");
        StepVerifier.create(Snippets.jooq(database.factory()))
                .expectNext("a tea kettle")
                .verifyComplete();
    }

    @Test
    void itsSqlRuns() {
        TestDatabase database = TestDatabase.at("r2dbc:libsql:mem:///" + TaskId.next());
        LibsqlStorage.create(database.factory(), Email.class, Config.of("email"))
                .setup()
                .block(PATIENCE);
        List<MatchResult> blocks = fences("sql");
        assertThat(blocks).isNotEmpty();
        blocks.forEach(block -> database.sql(block.group(3)));
    }

    @Test
    void itsTablesNameEveryOption() throws IllegalAccessException {
        for (RecordComponent setting : Config.class.getRecordComponents()) {
            assertThat(readme).contains("| `" + setting.getName() + "` |");
        }
        for (Class<?> provider :
                List.of(LibsqlConnectionFactoryProvider.class, ReplicaConnectionFactoryProvider.class)) {
            for (Field field : provider.getFields()) {
                if (field.get(null) instanceof Option<?> option) {
                    assertThat(readme).contains("| `" + option.name() + "` |");
                }
            }
        }
    }

    @Test
    void itsVersionsAreThoseOfTheBuild() {
        String pom = read("pom.xml");
        for (MatchResult dependency : Pattern.compile("<artifactId>(.+?)</artifactId>\\s*<version>(.+?)</version>")
                .matcher(readme)
                .results()
                .toList()) {
            String version = dependency.group(2);
            assertThat(pom).as(dependency.group(1)).containsPattern("version>" + Pattern.quote(version) + "<");
        }
    }

    @Test
    void itsLinksLeadToFilesThatAreThere() {
        Stream<String> links = Pattern.compile("]\\((?!http|#)([^)#]+)")
                .matcher(readme)
                .results()
                .map(link -> link.group(1));
        links.forEach(link -> {
            if (!Files.exists(BASE.resolve(link))) {
                fail("README.md links to " + link);
            }
        });
    }
}
