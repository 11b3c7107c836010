package dev.pollux.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Measures everything and writes {@code results.tsv} and {@code results.md} into {@code target/bench}, or into the
 * folder that is given. No figure fails a build.
 *
 * <p>{@code -Dbench.only=REGEX} picks figures by name. {@code -Dbench.quick=true} does less of each, to see that all of
 * it works.
 */
public final class Bench {

    private final Pattern only = Pattern.compile(System.getProperty("bench.only", ""));
    private final Scale scale = new Scale(Boolean.getBoolean("bench.quick"));
    private final Report report;
    private final Path databases;

    private Bench(Path folder) {
        this.report = new Report(folder);
        this.databases = folder.resolve("databases");
    }

    public static void main(String[] args) throws Exception {
        new Bench(Path.of(args.length == 0 ? "target/bench" : args[0]).toAbsolutePath()).run();
        // The peers' pools and Reactor's schedulers have nothing left to do.
        System.exit(0);
    }

    private void run() throws Exception {
        delete(databases);
        Files.createDirectories(databases);
        LimitProgram limit = new LimitProgram(databases);
        PeerRounds jobRunr = new PeerRounds("JobRunr", JobRunrPeer::new, databases);
        PeerRounds dbScheduler = new PeerRounds("db-scheduler", DbSchedulerPeer::new, databases);
        measure(new ThroughputFigures(databases, scale, limit, List.of(jobRunr, dbScheduler)), 2, 5);
        measure(new LatencyFigures(databases, scale, jobRunr, dbScheduler), 1, 5);
        measure(new FlatCostFigures(databases, scale), 2, 9);
        measure(new ResourceFigures(databases, scale), 1, 5);
        measure(new RemoteFigures(scale), 1, 5);
        measure(new ReplicaFigures(databases, scale), 1, 5);
        // Their rounds are short: more of them.
        measureTogether(new DriverFigures(databases), 15, 31);
        measure(new MicroFigures(scale), 0, 5);
        delete(databases);
        report.write(versions());
    }

    private void measure(Suite suite, int warmUps, int rounds) throws Exception {
        try (suite) {
            for (Figure figure : picked(suite)) {
                report.add(figure.measure(scale.warmUps(warmUps), scale.rounds(rounds)));
            }
        }
    }

    private void measureTogether(Suite suite, int warmUps, int rounds) throws Exception {
        try (suite) {
            for (Figure.Outcome outcome :
                    Figure.measureTogether(picked(suite), scale.warmUps(warmUps), scale.rounds(rounds))) {
                report.add(outcome);
            }
        }
    }

    /** The figures that are asked for, in a table of their own. */
    private List<Figure> picked(Suite suite) {
        List<Figure> figures = suite.figures().stream()
                .filter(figure -> only.matcher(figure.name()).find())
                .toList();
        if (!figures.isEmpty()) {
            report.table(figures);
        }
        return figures;
    }

    private static String versions() throws Exception {
        return Stream.of(
                                org.sqlite.JDBC.class,
                                org.jobrunr.jobs.Job.class,
                                com.github.kagkarlsson.scheduler.Scheduler.class,
                                org.h2.Driver.class,
                                reactor.core.publisher.Flux.class)
                        .map(Bench::jar)
                        .collect(Collectors.joining(", "))
                + "; the limit program has SQLite " + LimitProgram.sqliteVersion();
    }

    /** The jar that a class is from, by whose name it tells its version. */
    private static String jar(Class<?> type) {
        String jar = type.getProtectionDomain().getCodeSource().getLocation().getPath();
        return jar.substring(jar.lastIndexOf('/') + 1).replace(".jar", "");
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
