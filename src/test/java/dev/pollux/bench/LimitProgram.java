package dev.pollux.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** {@code src/test/c/limit.c}, the yardstick: the queue's statements on bare SQLite. Compiled when first needed. */
final class LimitProgram {

    static final String PUSH_ONE = "push, 1 per commit";
    static final String PUSH_THOUSAND = "push, 1000 per commit";

    private static final Path SOURCE = Path.of("src/test/c/limit.c");

    private final Path folder;
    private final Path program;

    LimitProgram(Path folder) {
        this.folder = folder;
        this.program = folder.resolve("limit");
    }

    static String drain(int batch) {
        return "fetch " + batch + " + lock + ack, batch per commit";
    }

    /**
     * The contender whose value is the rate that the program prints under a name.
     *
     * @param tasks how many it pushes and drains; under FULL only a twentieth of them with a commit each
     */
    Contender contender(String line, int tasks, String synchronous, int batch) {
        return new Contender("limit", false, () -> new double[] {run(line, tasks, synchronous, batch)});
    }

    private double run(String line, int tasks, String synchronous, int batch) throws Exception {
        Path database = folder.resolve("limit.db");
        String printed = run(List.of(
                program().toString(), database.toString(), String.valueOf(tasks), synchronous, String.valueOf(batch)));
        Map<String, Double> rates = new HashMap<>();
        for (String each : printed.lines().toList()) {
            String[] parts = each.split("\t", -1);
            rates.put(parts[0], Double.valueOf(parts[1]));
        }
        Double rate = rates.get(line);
        if (rate == null) {
            throw new IllegalStateException("the limit program gave no line '" + line + "': " + printed);
        }
        return rate;
    }

    private Path program() throws Exception {
        if (!Files.exists(program)) {
            try {
                run(List.of("gcc", "-O2", SOURCE.toString(), "-o", program.toString(), "-lsqlite3"));
            } catch (IOException e) {
                throw new IllegalStateException(
                        "the yardstick, " + SOURCE
                                + ", cannot be compiled: it needs gcc and SQLite's headers and library"
                                + " (Debian: gcc and libsqlite3-dev)",
                        e);
            }
        }
        return program;
    }

    /** The version of the SQLite that it is compiled with. */
    static String sqliteVersion() throws Exception {
        Path probe = Files.createTempFile("version", ".c");
        try {
            Files.writeString(probe, "#include <sqlite3.h>\nSQLITE_VERSION\n");
            String expanded = run(List.of("gcc", "-E", "-P", probe.toString()));
            return expanded.strip().lines().reduce("", (first, last) -> last).replace("\"", "");
        } finally {
            Files.delete(probe);
        }
    }

    /** What a program prints; fails with it if the program does. */
    private static String run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(command.get(0) + " failed: " + printed);
        }
        return printed;
    }
}
