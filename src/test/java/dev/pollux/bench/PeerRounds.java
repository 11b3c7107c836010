package dev.pollux.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * What is measured of a peer, each round on a new file.
 *
 * @param name by which the report names it
 * @param folder where its files are
 */
record PeerRounds(String name, Peer.Kind kind, Path folder) {

    private static final int ENQUEUEING_THREADS = 16;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** What a round does with an open peer. */
    private interface Use {
        double[] run(Peer peer) throws Exception;
    }

    private Contender contender(Use use) {
        return new Contender(name, () -> {
            Path round = Files.createTempDirectory(folder, "peer");
            try (Peer peer = kind.open(round.resolve("queue.db"))) {
                return use.run(peer);
            }
        });
    }

    /** The rate, and the median and the 99th percentile in ms, of tasks that are added one after the other. */
    Contender oneByOne(int tasks) {
        return contender(peer -> {
            Latencies latencies = new Latencies();
            double rate = Contender.rate(tasks, () -> {
                for (int i = 0; i < tasks; i++) {
                    long start = System.nanoTime();
                    peer.enqueue(Mail.number(i));
                    latencies.add(System.nanoTime() - start);
                }
            });
            return new double[] {rate, latencies.millis(0.5), latencies.millis(0.99)};
        });
    }

    /** The rate of tasks that several threads add. */
    Contender concurrently(int tasks) {
        return contender(peer -> new double[] {Contender.rate(tasks, () -> enqueueConcurrently(peer, tasks))});
    }

    private static void enqueueConcurrently(Peer peer, int tasks) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(ENQUEUEING_THREADS);
        try {
            AtomicInteger next = new AtomicInteger();
            List<Future<?>> running = new ArrayList<>();
            for (int thread = 0; thread < ENQUEUEING_THREADS; thread++) {
                running.add(threads.submit(() -> {
                    for (int i = next.getAndIncrement(); i < tasks; i = next.getAndIncrement()) {
                        peer.enqueue(Mail.number(i));
                    }
                }));
            }
            for (Future<?> each : running) {
                each.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** The rate of tasks that are added by the means for many. */
    Contender all(int tasks) {
        return contender(peer -> new double[] {
            Contender.rate(
                    tasks, () -> peer.enqueueAll(IntStream.range(0, tasks).mapToObj(Mail::number)))
        });
    }

    /** The rate of tasks from the first handler's start to the last one's: its start and its last commits are free. */
    Contender drain(int tasks) {
        return contender(peer -> {
            peer.enqueueAll(IntStream.range(0, tasks).mapToObj(Mail::number));
            Starts starts = new Starts(tasks);
            peer.work(starts::handled);
            starts.await(PATIENCE);
            return new double[] {starts.rate()};
        });
    }

    /** The percentiles, in ms, of the time from before a task is added to an idle queue until its handler starts. */
    Contender idle(int tasks, Duration pause) {
        return contender(peer -> {
            Starts starts = new Starts(tasks);
            peer.work(starts::handled);
            return starts.idle(peer::enqueue, pause, PATIENCE);
        });
    }
}
