package dev.pollux.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/** Figures 1 to 5: the queue on a file, against the limit program and, where the file is FULL, the peers. */
final class ThroughputFigures implements Suite {

    private static final int IN_FLIGHT = 256;
    private static final int CONCURRENCY = 64;

    private final Path folder;
    private final Scale scale;
    private final LimitProgram limit;
    private final List<PeerRounds> peers;
    private int lastFile;

    ThroughputFigures(Path folder, Scale scale, LimitProgram limit, List<PeerRounds> peers) {
        this.folder = folder;
        this.scale = scale;
        this.limit = limit;
        this.peers = peers;
    }

    @Override
    public List<Figure> figures() {
        // Under NORMAL the limit program does all its tasks with a commit each, too, which takes long.
        return Stream.of(
                        new OnFile("FULL", scale.of(100_000, 20_000), peers),
                        new OnFile("NORMAL", scale.of(40_000, 20_000), List.of()))
                .flatMap(file -> file.figures().stream())
                .toList();
    }

    /** What is done with our queue; gives what the figure measures. */
    private interface Use {
        double[] run(PolluxQueue queue) throws Exception;
    }

    /** The figures at one setting of {@code synchronous}. */
    private final class OnFile {

        private final String synchronous;
        private final int limitTasks;
        private final List<PeerRounds> peers;

        OnFile(String synchronous, int limitTasks, List<PeerRounds> peers) {
            this.synchronous = synchronous;
            this.limitTasks = limitTasks;
            this.peers = peers;
        }

        List<Figure> figures() {
            return List.of(oneByOne(), inFlight(), pushAll(), drain(100), drain(500), both());
        }

        private Figure oneByOne() {
            // As many as the limit program, for a log that still grows makes the first commits slow.
            int tasks = scale.of(5_000, 300);
            Contender ours = pollux(CONCURRENCY, queue -> {
                long start = System.nanoTime();
                Latencies latencies = queue.pushOneByOne(tasks);
                double rate = tasks * 1e9 / (System.nanoTime() - start);
                return new double[] {rate, latencies.millis(0.5), latencies.millis(0.99)};
            });
            return new Figure(
                    "1 push one at a time " + synchronous,
                    List.of(new Measure("", "tasks/s"), new Measure("p50", "ms"), new Measure("p99", "ms")),
                    true,
                    contenders(ours, LimitProgram.PUSH_ONE, 100, peer -> peer.oneByOne(tasks)),
                    scale.of(3, 1));
        }

        private Figure inFlight() {
            int tasks = scale.of(100_000, 20_000);
            Contender ours = pollux(CONCURRENCY, queue ->
                    new double[] {Contender.rate(tasks, () -> queue.push(tasks, IN_FLIGHT))});
            return rate(
                    "2 push " + IN_FLIGHT + " in flight",
                    contenders(ours, LimitProgram.PUSH_ONE, 100, peer -> peer.concurrently(scale.of(5_000, 300))));
        }

        private Figure pushAll() {
            int tasks = scale.of(100_000, 20_000);
            Contender ours =
                    pollux(CONCURRENCY, queue -> new double[] {Contender.rate(tasks, () -> queue.pushAll(tasks))});
            return rate(
                    "3 pushAll of " + Scale.text(tasks),
                    contenders(ours, LimitProgram.PUSH_THOUSAND, 1_000, peer -> peer.all(scale.of(10_000, 1_000))));
        }

        /** The peers, which have no buffer to set, drain at one size only. */
        private Figure drain(int buffer) {
            int tasks = scale.of(100_000, 20_000);
            Contender ours = pollux(buffer, queue -> {
                queue.pushAll(tasks);
                return new double[] {Contender.rate(tasks, () -> queue.drain(tasks, CONCURRENCY))};
            });
            List<Contender> contenders =
                    contenders(ours, LimitProgram.drain(buffer), buffer, peer -> peer.drain(scale.of(2_000, 200)));
            return rate(
                    "4 drain of " + Scale.text(tasks) + " at buffer " + buffer,
                    buffer == 100 ? contenders : contenders.subList(0, 2));
        }

        /** Warm by the figures before, and each round is long. */
        private Figure both() {
            int seconds = scale.of(30, 3);
            Contender warm = pollux(500, queue -> {
                long[] counts = queue.pushAndDrain(Duration.ofSeconds(seconds), IN_FLIGHT, CONCURRENCY);
                return new double[] {1.0 * counts[1] / seconds, 1.0 * counts[0] / seconds};
            });
            Contender ours = new Contender(warm.name(), false, warm.round());
            return new Figure(
                    "5 push and drain at once for " + seconds + " s " + synchronous,
                    List.of(new Measure("done", "tasks/s"), new Measure("pushed", "tasks/s")),
                    false,
                    List.of(ours));
        }

        private Figure rate(String name, List<Contender> contenders) {
            return Figure.of(name + " " + synchronous, "tasks/s", true, contenders);
        }

        /**
         * Ours, each round on a new file. Its name is not used again: a lane closes its connection, and with it the
         * file, only after ten idle seconds.
         */
        private Contender pollux(int buffer, Use use) {
            return new Contender("Pollux", () -> {
                Path file = folder.resolve("queue-" + ++lastFile + ".db");
                String url = "r2dbc:libsql:file://" + file + "?synchronous=" + synchronous;
                try (PolluxQueue queue = new PolluxQueue(url, buffer)) {
                    return use.run(queue);
                }
            });
        }

        /** Ours, the limit program by the line that the figure is measured by, and the peers. */
        private List<Contender> contenders(
                Contender ours, String line, int batch, Function<PeerRounds, Contender> others) {
            List<Contender> contenders = new ArrayList<>();
            contenders.add(ours);
            contenders.add(limit.contender(line, limitTasks, synchronous, batch));
            peers.forEach(peer -> contenders.add(others.apply(peer)));
            return contenders;
        }
    }
}
