package dev.pollux.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A real sqld (libsql-server) on a free port of 127.0.0.1, with a data folder of its own.
 *
 * <p>Suites share {@link #shared()} and {@link #reset()} it, or start one of their own when they need other settings
 * or break it. {@link #close()} stops it by its process handle and deletes its folder.
 */
public final class Sqld implements AutoCloseable {

    private static final Duration START_TIMEOUT = Duration.ofSeconds(30);
    private static final int START_TRIES = 5;

    // Plain HTTP/1.1: sqld hangs at an upgrade to h2c.
    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private static final JsonMapper JSON = new JsonMapper();

    /** Started by the first suite that asks, stopped when the JVM ends. */
    private static final class Shared {
        static final Sqld SERVER = start();

        static {
            Runtime.getRuntime().addShutdownHook(new Thread(SERVER::close, "stop-sqld"));
        }
    }

    private final List<String> command;
    private final int port;
    private final int grpcPort;
    private final Path folder;
    private Process process;

    private Sqld(Process process, List<String> command, int port, int grpcPort, Path folder) {
        this.process = process;
        this.command = command;
        this.port = port;
        this.grpcPort = grpcPort;
        this.folder = folder;
    }

    /** The server that all suites of this JVM share. Never close it. */
    public static Sqld shared() {
        return Shared.SERVER;
    }

    /** Starts a server without access tokens, with more of sqld's own options if given. */
    public static Sqld start(String... extraArgs) {
        return start(null, extraArgs);
    }

    /** Starts a server that {@linkplain #startReplica replicas} can follow. */
    public static Sqld startPrimary() {
        return start(null, true);
    }

    /** Starts a replica of a primary that it finds at that port of 127.0.0.1. Close it before the primary. */
    public static Sqld startReplica(int primaryPort) {
        return start("--primary-grpc-url", "http://127.0.0.1:" + primaryPort);
    }

    /** Starts a server that lets in only tokens signed by {@code key}, or anyone if it is null. */
    public static Sqld start(@Nullable TokenKey key, String... extraArgs) {
        return start(key, false, extraArgs);
    }

    private static Sqld start(@Nullable TokenKey key, boolean primary, String... extraArgs) {
        Path binary = SqldBinary.path();
        String said = "";
        for (int i = 0; i < START_TRIES; i++) {
            Path folder = null;
            Process process = null;
            boolean ready = false;
            try {
                folder = Files.createTempDirectory("pollux-sqld");
                // Free now, but another process may take it before sqld does: then the next try takes another.
                int port = freePort();
                int grpcPort = primary ? freePort() : 0;
                List<String> command = new ArrayList<>(List.of(
                        binary.toString(),
                        "--no-welcome",
                        "-d",
                        folder.resolve("data").toString(),
                        "--http-listen-addr",
                        "127.0.0.1:" + port));
                if (key != null) {
                    Path pem = Files.writeString(folder.resolve("key.pem"), key.publicKeyPem());
                    command.addAll(List.of("--auth-jwt-key-file", pem.toString()));
                }
                if (primary) {
                    command.addAll(List.of("--grpc-listen-addr", "127.0.0.1:" + grpcPort));
                }
                command.addAll(List.of(extraArgs));
                process = run(command, folder);
                ready = awaitHealth(process, port);
                if (ready) {
                    return new Sqld(process, command, port, grpcPort, folder);
                }
                said = Files.readString(log(folder));
                if (!said.contains("Address already in use")) {
                    break;
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } finally {
                if (!ready) {
                    stop(process);
                    delete(folder);
                }
            }
        }
        throw new IllegalStateException("sqld did not start: " + said);
    }

    private static Process run(List<String> command, Path folder) throws IOException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log(folder).toFile())
                .start();
    }

    /** The write-ahead log of its database. */
    public Path writeAheadLog() {
        return folder.resolve("data").resolve("dbs").resolve("default").resolve("data-wal");
    }

    private static Path log(Path folder) {
        return folder.resolve("log");
    }

    /** Where it listens, for example {@code http://127.0.0.1:12345}. */
    public String url() {
        return "http://127.0.0.1:" + port;
    }

    /** Its R2DBC URL, to which options can be added. */
    public String r2dbcUrl() {
        return "r2dbc:libsql://127.0.0.1:" + port + "?tls=0";
    }

    /** The port it listens on. */
    public int port() {
        return port;
    }

    /** The port where replicas find it, if it was started as a primary. */
    public int grpcPort() {
        return grpcPort;
    }

    /** How much processor time it has used. */
    public Duration cpuTime() {
        return process.info().totalCpuDuration().orElseThrow();
    }

    /** Drops every table, view and trigger, so that a suite begins with an empty database. */
    public void reset() {
        List<String> drops = new ArrayList<>();
        drops.add("PRAGMA foreign_keys = OFF");
        JsonNode rows = post("SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"
                        + " AND name NOT LIKE 'libsql_%' AND type IN ('table', 'view')")
                .at("/results/0/response/result/rows");
        for (JsonNode row : rows) {
            drops.add("DROP " + row.at("/0/value").asString() + " IF EXISTS \""
                    + row.at("/1/value").asString().replace("\"", "\"\"") + "\"");
        }
        JsonNode answer = post(drops.toArray(String[]::new));
        for (JsonNode result : answer.at("/results")) {
            if (!result.at("/type").asString().equals("ok")) {
                throw new IllegalStateException("could not empty the database: " + answer);
            }
        }
    }

    /** Stops it, as a crash or an operator would; its folder stays until {@link #close()}. */
    public void stop() {
        stop(process);
    }

    /** Ends it at once, as {@code kill -9} does; its folder stays. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Has it stand still, as {@code SIGSTOP} does: it takes connections, and answers nothing. */
    public void freeze() throws IOException, InterruptedException {
        Signals.send(process, "STOP");
    }

    /** Starts it again, after it was stopped or killed, on the same data and the same port. */
    public void startAgain() {
        try {
            process = run(command, folder);
            if (!awaitHealth(process, port)) {
                throw new IllegalStateException("sqld did not start again: " + Files.readString(log(folder)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Stops it and deletes its folder. Idempotent. */
    @Override
    public void close() {
        stop(process);
        delete(folder);
    }

    private JsonNode post(String... statements) {
        List<Object> requests = new ArrayList<>();
        for (String sql : statements) {
            requests.add(Map.of("type", "execute", "stmt", Map.of("sql", sql)));
        }
        requests.add(Map.of("type", "close"));
        HttpRequest request = HttpRequest.newBuilder(URI.create(url() + "/v2/pipeline"))
                .timeout(Duration.ofSeconds(30))
                .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(Map.of("requests", requests))))
                .build();
        try {
            return JSON.readTree(
                    HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /**
     * Whether the server came up: it answers, and it is still running (if not, another server on the port answered).
     * The wait between two tries ends at once when the process does.
     */
    private static boolean awaitHealth(Process process, int port) {
        HttpRequest health = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/health"))
                .timeout(Duration.ofSeconds(5))
                .build();
        long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
        boolean answered = false;
        try {
            while (System.nanoTime() < deadline) {
                if (process.waitFor(20, TimeUnit.MILLISECONDS)) {
                    return false;
                }
                if (answered) {
                    return true;
                }
                try {
                    answered = HTTP.send(health, HttpResponse.BodyHandlers.discarding())
                                    .statusCode()
                            == 200;
                } catch (IOException e) {
                    // Not listening yet.
                    answered = false;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void stop(@Nullable Process process) {
        if (process == null) {
            return;
        }
        process.destroy();
        try {
            // A graceful stop waits for open streams, which a test may have left behind on purpose.
            if (!process.waitFor(2, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                process.waitFor(10, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private static void delete(@Nullable Path folder) {
        if (folder == null || !Files.exists(folder)) {
            return;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
