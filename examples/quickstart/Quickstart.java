package quickstart;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.RetryPolicy;
import dev.pollux.TaskId;
import dev.pollux.Worker;
import dev.pollux.r2dbc.LibsqlConnectionFactory;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import tools.jackson.databind.json.JsonMapper;

/**
 * Pushes the emails of a file into a queue, sends them concurrently, and counts.
 *
 * <pre>
 * mvn -q compile exec:java                                            a fresh file in target/quickstart
 * mvn -q compile exec:java -Dexec.args="libsql://host token"          a libSQL server
 * </pre>
 */
public final class Quickstart {

    private static final Path EMAILS = Path.of("examples", "quickstart", "emails.jsonl");
    private static final int CONCURRENCY = 64;
    /** How long nothing may happen. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final LibsqlConnectionFactory database;
    private final Tally tally = new Tally();
    private final MailServer server = new MailServer();
    /** Older than all of this run's tasks, and in the name of its queue, so that runs on one server do not meet. */
    private final TaskId run = TaskId.next();

    private final LibsqlStorage<Email> storage;

    private Quickstart(LibsqlConnectionFactory database) {
        this.database = database;
        Config config = Config.builder("quickstart-" + run)
                .bufferSize(2 * CONCURRENCY)
                .maxAttempts(3)
                .retryPolicy(RetryPolicy.exponential(Duration.ofMillis(200), Duration.ofSeconds(1)))
                .listener(tally)
                .build();
        this.storage = LibsqlStorage.create(database, Email.class, config);
    }

    /** Runs with an optional URL and an optional token. */
    public static void main(String[] args) {
        try {
            LibsqlConnectionFactory database = LibsqlConnectionFactory.of(url(args));
            Quickstart quickstart = new Quickstart(database);
            String line = quickstart.run();
            if (args.length > 0) {
                quickstart.forgetTasks();
            }
            database.close().block();
            System.out.println(line);
        } catch (RuntimeException | IOException e) {
            System.err.println("quickstart: " + (e.getMessage() == null ? e : e.getMessage()));
            System.exit(1);
        }
    }

    private static String url(String[] args) throws IOException {
        if (args.length == 0) {
            Path folder = Files.createDirectories(Path.of("target", "quickstart"));
            Path file = folder.resolve(TaskId.next() + ".db");
            System.out.println("The queue's file is " + file);
            return "file:" + file;
        }
        if (args.length == 1) {
            return args[0];
        }
        String token = URLEncoder.encode(args[1], StandardCharsets.UTF_8);
        return args[0] + (args[0].contains("?") ? "&" : "?") + "authToken=" + token;
    }

    private String run() {
        System.out.println("Queue " + storage.config().queue() + " on " + describe());
        storage.setup().block();

        storage.pushAll(emails().doOnNext(email -> tally.pushed.incrementAndGet()))
                .block();
        System.out.println("Pushed " + tally.pushed + " emails");

        Disposable progress =
                Flux.interval(Duration.ofMillis(500)).subscribe(tick -> System.out.println(tally.progress()));
        long start = System.nanoTime();
        storage.poll(Worker.named("quickstart"))
                .transform(storage.lock())
                .flatMap(storage.ack(server::send), CONCURRENCY)
                .doOnNext(tally::count)
                .filter(Tally::isFinal)
                .take(tally.pushed.get())
                .timeout(PATIENCE, Mono.error(new IllegalStateException("no task ended for " + PATIENCE)))
                .blockLast();
        double seconds = (System.nanoTime() - start) / 1e9;
        progress.dispose();
        System.out.println(tally.progress());

        tally.workerStopped().block(PATIENCE);
        return compare(seconds);
    }

    /** The emails of the file, read as they are asked for. */
    private static Flux<Email> emails() {
        JsonMapper json = new JsonMapper();
        return Flux.using(() -> Files.newBufferedReader(EMAILS), reader -> Flux.fromStream(reader.lines()))
                .map(line -> json.readValue(line, Email.class))
                .onErrorMap(
                        IOException.class,
                        e -> new IllegalStateException("cannot read " + EMAILS + ": run it from the project's folder"))
                .subscribeOn(Schedulers.boundedElastic());
    }

    /** The last line, once what was counted here is what the database says. */
    private String compare(double seconds) {
        String counts = "pushed=%d done=%d killed=%d".formatted(tally.pushed.get(), tally.done(), tally.killed());
        Map<String, Long> stored = sql(
                        "SELECT status, count(*) FROM Jobs WHERE job_type = ?1 AND id > ?2 GROUP BY status",
                        result -> result.map(row -> Map.entry(row.get(0, String.class), row.get(1, Long.class))))
                .collectMap(Map.Entry::getKey, Map.Entry::getValue)
                .block(PATIENCE);
        if (tally.done() + tally.killed() != tally.pushed.get()
                || stored.values().stream().mapToLong(tasks -> tasks).sum() != tally.pushed.get()
                || stored.getOrDefault("Done", 0L) != tally.done()) {
            throw new IllegalStateException("the counts do not add up: " + counts + ", the database has " + stored);
        }
        return counts + " per_second=" + Math.round(tally.pushed.get() / seconds);
    }

    /** Leaves a database that is not only ours as it was. */
    private void forgetTasks() {
        sql("DELETE FROM Jobs WHERE job_type = ?1 AND id > ?2", Result::getRowsUpdated)
                .blockLast(PATIENCE);
    }

    /** Runs a statement about this run's tasks through the driver, past the queue. Ids sort by time, and are indexed. */
    private <V> Flux<V> sql(String sql, Function<Result, Publisher<V>> read) {
        return Flux.usingWhen(
                database.create(),
                connection -> Flux.from(connection
                                .createStatement(sql)
                                .bind(0, storage.config().queue())
                                .bind(1, run.value())
                                .execute())
                        .concatMap(read),
                Connection::close);
    }

    private String describe() {
        return Mono.usingWhen(
                        database.create(),
                        connection -> Mono.just(connection.getMetadata().getDatabaseProductName() + " "
                                + connection.getMetadata().getDatabaseVersion()),
                        Connection::close)
                .block(PATIENCE);
    }
}
