package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.faults.LoadProcess.Part;
import dev.pollux.testing.Sqld;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** More processes that write to one server at full speed than it bears by itself without standing still. */
class CrowdFaultIT {

    private static final int FEW = 3;
    private static final int LEAST_OUTCOMES = 10;

    @TempDir
    private Path folder;

    @Test
    void eightProcessesOnOneServerLoseNothingAndAllGoOn() throws Exception {
        perSecond(8);
    }

    /** Only in the long form, for a speed is no matter of a build. */
    @Test
    @Tag("long")
    void crowdsReachAtLeastHalfOfWhatThreeProcessesReach() throws Exception {
        double few = perSecond(FEW);
        for (int many : new int[] {8, 16}) {
            double crowd = perSecond(many);
            System.out.printf("%d processes: %.0f tasks/s, %.2f times those of %d%n", many, crowd, crowd / few, FEW);
            assertThat(crowd).as("tasks/s of %d processes", many).isGreaterThan(few / 2);
        }
    }

    /** How many tasks so many processes run in a second, once all of them are at work. */
    private double perSecond(int processes) throws Exception {
        int tasks = Scale.of(1_500, 40_000);
        try (Sqld sqld = Sqld.start();
                Crew crew = Crew.start(
                        sqld.r2dbcUrl(),
                        Files.createTempDirectory(folder, "crowd"),
                        Collections.nCopies(processes, Part.BOTH))) {
            crew.awaitOutcomesOfEach(LEAST_OUTCOMES);
            long start = System.nanoTime();
            crew.awaitSteps(tasks);
            double perSecond = tasks / ((System.nanoTime() - start) / 1e9);
            crew.awaitOutcomesOfEach(LEAST_OUTCOMES);
            Report.add("10 crowd of " + processes + " processes, sqld", processes, crew.finish());
            return perSecond;
        }
    }
}
