package dev.pollux.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/** Figure 6: how long an idle queue takes from a push to the start of its handler, at the default settings. */
final class LatencyFigures implements Suite {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Path folder;
    private final Scale scale;
    private final PeerRounds jobRunr;
    private final PeerRounds dbScheduler;
    private int lastFile;
    private LatencyProcess.@Nullable Parent other;

    LatencyFigures(Path folder, Scale scale, PeerRounds jobRunr, PeerRounds dbScheduler) {
        this.folder = folder;
        this.scale = scale;
        this.jobRunr = jobRunr;
        this.dbScheduler = dbScheduler;
    }

    @Override
    public List<Figure> figures() {
        int tasks = scale.of(1_000, 200);
        Duration pause = Duration.ofMillis(5);
        List<Measure> measures =
                List.of(new Measure("p50", "ms"), new Measure("p99", "ms"), new Measure("p99.9", "ms"));
        return List.of(
                new Figure(
                        "6 idle latency, same process",
                        measures,
                        false,
                        List.of(
                                new Contender("Pollux", () -> sameProcess(tasks, pause)),
                                // As many as its interval allows.
                                jobRunr.idle(scale.of(10, 3), Duration.ofMillis(500)),
                                dbScheduler.idle(tasks / 5, pause.multipliedBy(5)))),
                new Figure(
                        "6 idle latency, two processes",
                        measures,
                        false,
                        List.of(new Contender("Pollux", () -> twoProcesses(tasks, pause)))));
    }

    private double[] sameProcess(int tasks, Duration pause) throws InterruptedException {
        Starts starts = new Starts(tasks);
        try (PolluxQueue queue = new PolluxQueue(newFile())) {
            Disposable working = queue.work(1, starts::handled).subscribe();
            try {
                return starts.idle(mail -> queue.push(mail).block(PATIENCE), pause, PATIENCE);
            } finally {
                working.dispose();
            }
        }
    }

    /** The other process lives through all rounds, so that it is warm by the first that counts. */
    private double[] twoProcesses(int tasks, Duration pause) throws Exception {
        if (other == null) {
            other = new LatencyProcess.Parent(newFile());
        }
        return other.round(tasks, pause);
    }

    private String newFile() {
        return "r2dbc:libsql:file://" + folder.resolve("latency-" + ++lastFile + ".db");
    }

    @Override
    public void close() throws IOException {
        if (other != null) {
            other.close();
        }
    }
}
