package dev.pollux.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A real tursodb that serves a database of its own on a free port of 127.0.0.1, as {@code tursodb --sync-server} does. {@link #close()}
 * stops it by its process handle and deletes its folder.
 */
public final class Tursodb implements AutoCloseable {

    private static final int START_TRIES = 5;

    private final Process process;
    private final int port;
    private final Path folder;

    private Tursodb(Process process, int port, Path folder) {
        this.process = process;
        this.port = port;
        this.folder = folder;
    }

    /** Starts one. */
    public static Tursodb start() {
        Path binary = ServerBinaries.tursodb();
        try {
            Path folder = Files.createTempDirectory("pollux-tursodb");
            Path log = folder.resolve("log");
            for (int i = 0; i < START_TRIES; i++) {
                // Free now, but another process may take it before it does: then the next try takes another.
                int port = Servers.freePort();
                Process process = Servers.run(
                        List.of(
                                binary.toString(),
                                "--sync-server",
                                "127.0.0.1:" + port,
                                folder.resolve("data.db").toString()),
                        log);
                if (Servers.answers(process, "http://127.0.0.1:" + port + "/")) {
                    return new Tursodb(process, port, folder);
                }
                Servers.stop(process);
            }
            String said = Files.readString(log);
            Servers.delete(folder);
            throw new IllegalStateException("tursodb did not start: " + said);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Its R2DBC URL, to which options can be added. */
    public String r2dbcUrl() {
        return "r2dbc:libsql://127.0.0.1:" + port + "?tls=0";
    }

    @Override
    public void close() {
        Servers.stop(process);
        Servers.delete(folder);
    }
}
