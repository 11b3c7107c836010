package dev.pollux.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Measures everything and writes {@code results.tsv} and {@code results.md} into {@code target/bench}, or into the
 * folder that is given. No figure fails a build.
 *
 * <p>{@code -Dbench.only=REGEX} picks figures by name, {@code -Dbench.rounds=N} sets the number of rounds.
 */
public final class Bench {

    private static final int WARM_UPS = 5;

    private Bench() {}

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args.length == 0 ? "target/bench" : args[0]).toAbsolutePath();
        Pattern only = Pattern.compile(System.getProperty("bench.only", ""));
        int rounds = Integer.getInteger("bench.rounds", 9);
        Report report = new Report();
        Path databases = folder.resolve("databases");
        delete(databases);
        Files.createDirectories(databases);
        try (DriverFigures driver = new DriverFigures(databases)) {
            measure(driver.all(), only, rounds, report);
        }
        delete(databases);
        report.write(folder, rounds);
    }

    private static void measure(List<Figure> figures, Pattern only, int rounds, Report report) throws Exception {
        report.table(figures.get(0));
        for (Figure figure : figures) {
            if (only.matcher(figure.name()).find()) {
                report.add(figure.measure(WARM_UPS, rounds));
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
