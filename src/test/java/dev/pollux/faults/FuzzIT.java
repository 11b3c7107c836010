package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.Jazzer;
import dev.pollux.r2dbc.FuzzedSql;
import dev.pollux.r2dbc.FuzzedUrls;
import dev.pollux.r2dbc.hrana.FuzzedAnswers;
import dev.pollux.testing.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What reads texts of others, under Jazzer: it changes inputs so that they come to parts of the code that none came to
 * before. The first input that a target does not bear, or is at for too long, ends it with an error.
 */
@Tag("long")
class FuzzIT {

    private static final Duration LENGTH = Duration.ofSeconds(60);
    private static final Duration LONGEST = Duration.ofSeconds(30);
    /** To start, to instrument the classes and to end. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private static final Path RECORDED = Path.of("src/test/resources/dev/pollux/r2dbc/hrana/answers");
    private static final Pattern INPUTS = Pattern.compile("stat::number_of_executed_units: (\\d+)");

    @TempDir
    private Path folder;

    @Test
    void answersOfServers() throws Exception {
        try (Stream<Path> recorded = Files.list(RECORDED)) {
            for (Path answer : recorded.toList()) {
                Files.copy(answer, corpus().resolve(answer.getFileName()));
            }
        }
        fuzz("12 fuzzed answers", FuzzedAnswers.class);
    }

    @Test
    void urls() throws Exception {
        seed(
                "\0r2dbc:libsql://h:1/d?authToken=t&tls=0&callTimeout=PT5S",
                "\0r2dbc:libsql:file:///x.db?synchronous=FULL&busyTimeout=PT1S",
                "\0file:x.db?mode=ro",
                "\6callTimeout=PT5S",
                "\14protocol=3");
        fuzz("12 fuzzed URLs", FuzzedUrls.class);
    }

    @Test
    void sql() throws Exception {
        seed(
                "INSERT INTO t VALUES (?1, :a, @b, $c, ?); SELECT 'x?' -- ?\n/* ? */ FROM \"t\" WHERE [a] = x'00'",
                "CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; END",
                "EXPLAIN QUERY PLAN SELECT 1");
        fuzz("12 fuzzed SQL", FuzzedSql.class);
    }

    private Path corpus() throws IOException {
        return Files.createDirectories(folder.resolve("corpus"));
    }

    private void seed(String... inputs) throws IOException {
        for (String input : inputs) {
            Files.writeString(Files.createTempFile(corpus(), "seed", ""), input);
        }
    }

    private void fuzz(String fault, Class<?> target) throws Exception {
        List<String> printed;
        try (ChildJvm fuzzer = ChildJvm.startIn(
                folder,
                Jazzer.class,
                "--target_class=" + target.getName(),
                "--instrumentation_includes=dev.pollux.**",
                "--custom_hook_includes=dev.pollux.**",
                "--reproducer_path=" + folder,
                "-artifact_prefix=" + folder + '/',
                "-max_total_time=" + LENGTH.toSeconds(),
                "-timeout=" + LONGEST.toSeconds(),
                "-print_final_stats=1",
                corpus().toString())) {
            printed = fuzzer.lines().collectList().blockOptional(PATIENCE).orElseThrow();
            assertThat(fuzzer.awaitExit(PATIENCE.toSeconds()))
                    .as(String.join("\n", printed))
                    .isZero();
        }
        Report.addInputs(fault, inputs(printed), 0);
    }

    private static int inputs(List<String> printed) {
        return printed.stream()
                .map(INPUTS::matcher)
                .filter(Matcher::matches)
                .mapToInt(line -> Integer.parseInt(line.group(1)))
                .findFirst()
                .orElseThrow();
    }
}
