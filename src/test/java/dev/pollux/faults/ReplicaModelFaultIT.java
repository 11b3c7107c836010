package dev.pollux.faults;

import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three replicas and a server that do, and suffer, whatever a seed says: every task ends once, no task runs on two of them at once,
 * and all sides agree when the network is back.
 */
class ReplicaModelFaultIT {

    /** How many runs go on at a time, each with a server and machines of its own: they wait much of the time. */
    private static final int AT_ONCE = 2;

    private static final int RUNS = Integer.getInteger("faults.runs", Scale.of(4, 500));
    private static final long FIRST_SEED = Long.getLong("faults.seed", 1) * 1_000_000;

    @TempDir
    private Path folder;

    private final AtomicInteger nextRun = new AtomicInteger();
    private final Map<ReplicaModel.Step, Integer> faults = new EnumMap<>(ReplicaModel.Step.class);
    private final List<String> wrong = new ArrayList<>();
    private int tasks;
    private int lost;
    private int duplicated;

    @Test
    void allSidesAgreeWhateverHappened() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
        try {
            Callable<Boolean> lane = this::makeRuns;
            for (Future<Boolean> end : threads.invokeAll(Collections.nCopies(AT_ONCE, lane))) {
                end.get();
            }
        } finally {
            threads.shutdownNow();
        }
        Verdict all = new Verdict(tasks, lost, duplicated, wrong);
        for (ReplicaModel.Step step : ReplicaModel.Step.values()) {
            Report.add("replica: " + step.words + ", " + RUNS + " runs", faults.getOrDefault(step, 0), all);
        }
    }

    /** Makes one run after the other, until all are made or one has shown something wrong. */
    private boolean makeRuns() throws Exception {
        try (Sqld sqld = Sqld.start();
                ReplicaMachine one = new ReplicaMachine(1, sqld.port());
                ReplicaMachine two = new ReplicaMachine(2, sqld.port());
                ReplicaMachine three = new ReplicaMachine(3, sqld.port())) {
            for (int run = nextRun.getAndIncrement(); run < RUNS; run = nextRun.getAndIncrement()) {
                sqld.reset();
                ReplicaModel model = new ReplicaModel(
                        FIRST_SEED + run, sqld, TestDatabase.at(sqld.r2dbcUrl()), List.of(one, two, three));
                add(FIRST_SEED + run, model, model.run(Files.createDirectory(folder.resolve("run-" + run))));
            }
            return true;
        } finally {
            // However it ended, the others need not go on for it.
            nextRun.set(RUNS);
        }
    }

    private synchronized void add(long seed, ReplicaModel model, Verdict verdict) {
        model.faults().forEach((step, times) -> faults.merge(step, times, Integer::sum));
        tasks += verdict.tasks();
        lost += verdict.lost();
        duplicated += verdict.duplicated();
        verdict.wrong().forEach(text -> wrong.add("seed " + seed + ": " + text));
        if (!wrong.isEmpty()) {
            nextRun.set(RUNS);
        }
    }
}
