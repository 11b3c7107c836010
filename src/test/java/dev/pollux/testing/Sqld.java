package dev.pollux.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A real sqld (libsql-server) on a free port of 127.0.0.1, with a data folder of its own.
 *
 * <p>Suites share {@link #shared()} and {@link #reset()} it, or start one of their own when they need other settings
 * or break it. {@link #close()} stops it by its process handle and deletes its folder.
 */
public final class Sqld implements AutoCloseable {

    private static final int START_TRIES = 5;

    /** Started by the first suite that asks, stopped when the JVM ends. */
    private static final class Shared {
        static final Sqld SERVER = start();

        static {
            Runtime.getRuntime().addShutdownHook(new Thread(SERVER::close, "stop-sqld"));
        }
    }

    /** The same for suites in which several connection factories write at full speed. */
    private static final class SharedByMany {
        static final Sqld SERVER = start("--checkpoint-interval-s", "5");

        static {
            Runtime.getRuntime().addShutdownHook(new Thread(SERVER::close, "stop-steady-sqld"));
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

    /**
     * Another one, which makes its checkpoints at intervals: as sqld 0.24 comes, it may stand still for long when many write to it. Never
     * close it.
     */
    public static Sqld sharedByMany() {
        return SharedByMany.SERVER;
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
        Path binary = ServerBinaries.sqld();
        String said = "";
        for (int i = 0; i < START_TRIES; i++) {
            Path folder = null;
            Process process = null;
            boolean ready = false;
            try {
                folder = Files.createTempDirectory("pollux-sqld");
                // Free now, but another process may take it before sqld does: then the next try takes another.
                int port = Servers.freePort();
                int grpcPort = primary ? Servers.freePort() : 0;
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
                process = Servers.run(command, log(folder));
                ready = Servers.answers(process, url(port) + "/health");
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
                    Servers.stop(process);
                    Servers.delete(folder);
                }
            }
        }
        throw new IllegalStateException("sqld did not start: " + said);
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
        return url(port);
    }

    private static String url(int port) {
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
        Servers.stop(process);
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
            process = Servers.run(command, log(folder));
            if (!Servers.answers(process, url(port) + "/health")) {
                throw new IllegalStateException("sqld did not start again: " + Files.readString(log(folder)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Stops it and deletes its folder. Idempotent. */
    @Override
    public void close() {
        Servers.stop(process);
        Servers.delete(folder);
    }

    private JsonNode post(String... statements) {
        List<Object> requests = new ArrayList<>();
        for (String sql : statements) {
            requests.add(Map.of("type", "execute", "stmt", Map.of("sql", sql)));
        }
        requests.add(Map.of("type", "close"));
        return Servers.post(url() + "/v2/pipeline", Map.of("requests", requests));
    }
}
