package dev.pollux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import dev.pollux.testing.TokenKey;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The examples, as the README runs them: each in a JVM of its own. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ExamplesIT {

    private static final Path BASE = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
    private static final Pattern LAST_LINE =
            Pattern.compile("pushed=(\\d+) done=(\\d+) killed=(\\d+) per_second=(\\d+)");

    @TempDir
    @SuppressWarnings("NullAway") // JUnit sets it
    private Path folder;

    private final List<Process> processes = new ArrayList<>();

    /** A program with its output in files. */
    private record Program(Process process, Path out, Path err) {

        int status() throws InterruptedException {
            assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("it ends").isTrue();
            return process.exitValue();
        }

        String output() throws IOException {
            return Files.readString(out);
        }

        List<String> lines() throws IOException {
            return Files.readAllLines(out);
        }

        /** Waits until it has printed this; gives the pattern's first group. */
        String prints(Pattern pattern) throws IOException, InterruptedException {
            long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
            while (System.nanoTime() < deadline) {
                boolean over = process.waitFor(50, TimeUnit.MILLISECONDS);
                Matcher matcher = pattern.matcher(output());
                if (matcher.find()) {
                    return matcher.group(1);
                }
                assertThat(over).as(output()).isFalse();
            }
            throw new AssertionError(output());
        }
    }

    /** The quickstart reads a file of the project, and writes into its target folder. */
    @BeforeEach
    void copyEmails() throws IOException {
        Path emails = Path.of("examples", "quickstart", "emails.jsonl");
        Files.createDirectories(folder.resolve(emails).getParent());
        Files.copy(BASE.resolve(emails), folder.resolve(emails));
    }

    @AfterEach
    void endProcesses() throws InterruptedException {
        for (Process process : processes) {
            process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        }
    }

    private Program start(String mainClass, String... args) throws IOException {
        // Without the tests, which say what is logged in their own way.
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(element -> !element.endsWith("test-classes"))
                .collect(Collectors.joining(File.pathSeparator));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", classPath, mainClass));
        command.addAll(List.of(args));
        Path out = Files.createTempFile(folder, mainClass, ".out");
        Path err = Files.createTempFile(folder, mainClass, ".err");
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        processes.add(process);
        return new Program(process, out, err);
    }

    private static void assertThatItAddsUp(Program quickstart) throws Exception {
        assertThat(quickstart.status()).as(Files.readString(quickstart.err())).isZero();
        List<String> lines = quickstart.lines();
        Matcher last = LAST_LINE.matcher(lines.get(lines.size() - 1));
        assertThat(last.matches()).as(lines.toString()).isTrue();
        int pushed = Integer.parseInt(last.group(1));
        int done = Integer.parseInt(last.group(2));
        int killed = Integer.parseInt(last.group(3));
        assertThat(pushed).isEqualTo(3000);
        assertThat(done).isPositive();
        assertThat(killed).isPositive();
        assertThat(done + killed).isEqualTo(pushed);
        assertThat(Integer.parseInt(last.group(4))).isPositive();
        assertThat(lines).filteredOn(line -> line.startsWith("pushed=")).hasSize(1);
        assertThat(quickstart.output()).contains("retries=").doesNotContain("DEBUG", "INFO", "WARN");
    }

    @Test
    void theQuickstartsCountsAddUpOnAFile() throws Exception {
        assertThatItAddsUp(start("quickstart.Quickstart"));
    }

    @Test
    void theQuickstartsCountsAddUpOnAServerAndItLeavesNoTasksThere() throws Exception {
        TokenKey key = TokenKey.create();
        try (Sqld sqld = Sqld.start(key)) {
            String url = "libsql://127.0.0.1:" + sqld.port() + "?tls=0";

            assertThatItAddsUp(start("quickstart.Quickstart", url, key.readWrite()));
            assertThatItAddsUp(start("quickstart.Quickstart", "r2dbc:libsql:" + sqld.url(), key.readWrite()));

            TestDatabase database =
                    TestDatabase.at("r2dbc:libsql://:" + key.readWrite() + "@127.0.0.1:" + sqld.port() + "?tls=0");
            assertThat(database.number("SELECT count(*) FROM Jobs")).isZero();
        }
    }

    @Test
    void theQuickstartSaysWhatIsWrongWithItsArgumentsAndShowsNoToken() throws Exception {
        TokenKey key = TokenKey.create();
        try (Sqld sqld = Sqld.start(key)) {
            String url = "libsql://127.0.0.1:" + sqld.port() + "?tls=0";

            assertThatItFails(start("quickstart.Quickstart", url, key.expired()), "the access token was refused");
            assertThatItFails(start("quickstart.Quickstart", url), "an access token is needed");
        }
        assertThatItFails(start("quickstart.Quickstart", "mysql://h", "a-token"), "its scheme is not one of");
    }

    private static void assertThatItFails(Program program, String message) throws Exception {
        assertThat(program.status()).isEqualTo(1);
        assertThat(Files.readAllLines(program.err()))
                // Newer JDKs warn of libraries' native methods.
                .filteredOn(line -> !line.startsWith("WARNING:"))
                .singleElement()
                .asString()
                .startsWith("quickstart: ")
                .contains(message)
                .doesNotContain("eyJ", "a-token");
    }

    @Test
    void twoProcessesShareAFile() throws Exception {
        Program consumer = start("twoprocesses.Consumer");
        Program producer = start("twoprocesses.Producer");

        assertThat(producer.status()).as(Files.readString(producer.err())).isZero();
        assertThat(consumer.status()).as(Files.readString(consumer.err())).isZero();

        long from = producer.process().pid();
        List<String> expected = new ArrayList<>();
        for (int number = 1; number <= 20; number++) {
            expected.add("Process " + consumer.process().pid() + " got message " + number + " from process " + from);
        }
        assertThat(consumer.lines()).containsAll(expected);
        assertThat(consumer.output()).endsWith("took 20 messages" + System.lineSeparator());
    }

    @Test
    void aConsumerThatIsAskedToEndFinishesWhatItHasBegunAndLeavesNoLease() throws Exception {
        Path file = folder.resolve("shared.db");
        Program producer = start("twoprocesses.Producer", file.toString(), "1000");
        Program consumer = start("twoprocesses.Consumer", file.toString(), "1000");
        consumer.prints(Pattern.compile("got message (10) "));
        // SIGTERM, as Ctrl-C and service managers do it.
        consumer.process().destroy();

        assertThat(consumer.status()).as(Files.readString(consumer.err())).isEqualTo(143);
        assertThat(consumer.output()).doesNotContain("took 1000");
        TestDatabase database = TestDatabase.at("r2dbc:libsql:file://" + file);
        assertThat(database.number("SELECT count(*) FROM Jobs WHERE status IN ('Queued', 'Running')"))
                .isZero();
        assertThat(database.number("SELECT count(*) FROM Workers")).isZero();
        assertThat(database.number("SELECT count(*) FROM Jobs WHERE status = 'Done'"))
                .as("what it printed is done")
                .isEqualTo(consumer.lines().stream()
                        .filter(line -> line.contains(" got message "))
                        .count());
        producer.process().destroyForcibly();
    }

    @Test
    void theTillSellsWhileItIsCutOffAndTheOfficeBooksAllOfIt() throws Exception {
        Sqld sqld = Sqld.shared();
        sqld.reset();

        Program edge = start("edge.Edge", sqld.url());

        assertThat(edge.status()).as(Files.readString(edge.err())).isZero();
        List<String> lines = edge.lines();
        assertThat(lines.get(lines.size() - 1))
                .isEqualTo("pushed=240 done_on_till=120 done_on_office=120 outcomes_seen=120");
        assertThat(lines.stream().map(line -> line.replaceFirst("^ *[0-9.]+ s {2}", "")))
                .containsSubsequence(
                        "till     ONLINE, nothing to send",
                        "office   booked 40 invoices",
                        "till     sold 40 orders, printed 40 receipts, knows of 40 booked invoices",
                        "server   has 40 receipts Done, 40 invoices Done",
                        "network  CUT between the till and the server",
                        "till     sold 120 orders, printed 120 receipts, knows of 40 booked invoices",
                        "server   has 40 receipts Done, 40 invoices Done",
                        "network  HEALED; the till tries again in its own time",
                        "office   booked 120 invoices",
                        "till     sold 120 orders, printed 120 receipts, knows of 120 booked invoices",
                        "server   has 120 receipts Done, 120 invoices Done");
        assertThat(edge.output())
                .containsPattern("till     OFFLINE, [1-9][0-9]* changes to send")
                .containsPattern("HEALED[^C]*till     ONLINE, ")
                .doesNotContain("DEBUG", "INFO", "WARN");
        assertThat(TestDatabase.at(sqld.r2dbcUrl()).number("SELECT count(*) FROM Jobs"))
                .isZero();
    }

    @Test
    void theTillSaysWhatItNeeds() throws Exception {
        Program edge = start("edge.Edge");

        assertThat(edge.status()).isEqualTo(1);
        assertThat(Files.readString(edge.err())).contains("edge: it needs the URL", "npm ci");
    }

    @Test
    void theWebApplicationSendsWhatItTookBeforeItStops() throws Exception {
        Program application = start("webflux.Application", "--server.port=0", "--server.address=127.0.0.1");
        String port = application.prints(Pattern.compile("Netty started on port (\\d+)"));
        application.prints(Pattern.compile("(Started Application)"));
        URI emails = URI.create("http://127.0.0.1:" + port + "/emails");
        HttpClient http = HttpClient.newHttpClient();

        HttpResponse<Void> taken = http.send(
                HttpRequest.newBuilder(emails)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(
                                "{\"to\":\"user@example.com\",\"subject\":\"Hello\"}"))
                        .build(),
                HttpResponse.BodyHandlers.discarding());
        assertThat(taken.statusCode()).isEqualTo(202);
        URI events = emails.resolve(taken.headers().firstValue("Location").orElseThrow() + "/events");
        HttpResponse<Stream<String>> states =
                http.send(HttpRequest.newBuilder(events).build(), HttpResponse.BodyHandlers.ofLines());
        Iterator<String> lines = states.body().iterator();
        while (!lines.next().equals("data:Running")) {
            // It has not begun.
        }
        // SIGTERM, as Ctrl-C and service managers do it.
        application.process().destroy();

        assertThat(lines).toIterable().contains("data:Done");
        assertThat(application.status()).as(application.output()).isEqualTo(143);
        assertThat(application.output())
                .contains(" is DONE", "The worker has stopped")
                .doesNotContain("WARN", "ERROR");
        TestDatabase database = TestDatabase.at("r2dbc:libsql:file://" + folder.resolve("emails.db"));
        assertThat(database.sql("SELECT status, last_error FROM Jobs"))
                .containsExactly(List.of("Done", "{\"Ok\":\"250 accepted\"}"));
        assertThat(database.number("SELECT count(*) FROM Workers")).isZero();
    }
}
