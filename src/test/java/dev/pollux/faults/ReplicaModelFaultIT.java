package dev.pollux.faults;

import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three replicas and a server that do, and suffer, whatever a seed says: every task ends once, no task runs on two of them at once,
 * and all sides agree when the network is back.
 */
class ReplicaModelFaultIT {

    @TempDir
    private Path folder;

    @Test
    void allSidesAgreeWhateverHappened() throws Exception {
        int runs = Integer.getInteger("faults.runs", Scale.of(4, 500));
        long firstSeed = Long.getLong("faults.seed", 1) * 1_000_000;
        Map<ReplicaModel.Step, Integer> faults = new EnumMap<>(ReplicaModel.Step.class);
        List<String> wrong = new ArrayList<>();
        int tasks = 0;
        int lost = 0;
        int duplicated = 0;
        try (Sqld sqld = Sqld.start();
                ReplicaMachine one = new ReplicaMachine(1, sqld.port());
                ReplicaMachine two = new ReplicaMachine(2, sqld.port());
                ReplicaMachine three = new ReplicaMachine(3, sqld.port())) {
            for (int run = 0; run < runs; run++) {
                sqld.reset();
                long seed = firstSeed + run;
                ReplicaModel next =
                        new ReplicaModel(seed, sqld, TestDatabase.at(sqld.r2dbcUrl()), List.of(one, two, three));
                Verdict verdict = next.run(Files.createDirectory(folder.resolve("run-" + run)));
                next.faults().forEach((step, times) -> faults.merge(step, times, Integer::sum));
                tasks += verdict.tasks();
                lost += verdict.lost();
                duplicated += verdict.duplicated();
                verdict.wrong().forEach(text -> wrong.add("seed " + seed + ": " + text));
                if (!wrong.isEmpty()) {
                    break;
                }
            }
        }
        Verdict all = new Verdict(tasks, lost, duplicated, wrong);
        for (ReplicaModel.Step step : ReplicaModel.Step.values()) {
            Report.add("replica: " + step.words + ", " + runs + " runs", faults.getOrDefault(step, 0), all);
        }
    }
}
