package dev.pollux.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;

/** What is left of figure 7, the processor time of idle polls, and figure 9: memory and disk. */
final class ResourceFigures implements Suite {

    private static final int POLLERS = 100;
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final Path folder;
    private final Scale scale;
    private int lastFile;

    ResourceFigures(Path folder, Scale scale) {
        this.folder = folder;
        this.scale = scale;
    }

    @Override
    public List<Figure> figures() {
        int tasks = scale.of(1_000_000, 50_000);
        return List.of(
                Figure.of(
                        "7 processor time of " + POLLERS + " idle pollers on one storage",
                        "% of a core",
                        false,
                        List.of(new Contender("Pollux", this::idlePollers))),
                new Figure(
                        "9 drain of " + Scale.text(tasks),
                        MemoryProcess.measures(),
                        false,
                        List.of(MemoryProcess.contender(folder, tasks))));
    }

    /** All that this JVM uses while they wait, whatever it is for. */
    private double[] idlePollers() {
        String url = "r2dbc:libsql:file://" + folder.resolve("idle-" + ++lastFile + ".db");
        Disposable.Composite polls = Disposables.composite();
        try (PolluxQueue queue = new PolluxQueue(url)) {
            for (int i = 0; i < POLLERS; i++) {
                polls.add(queue.poll().subscribe());
            }
            Duration time = Duration.ofSeconds(scale.of(5, 2));
            Mono.delay(Duration.ofSeconds(scale.of(2, 1))).block();
            long start = SYSTEM.getProcessCpuTime();
            Mono.delay(time).block();
            double share = 1.0 * (SYSTEM.getProcessCpuTime() - start) / time.toNanos();
            polls.dispose();
            return new double[] {100 * share};
        }
    }
}
