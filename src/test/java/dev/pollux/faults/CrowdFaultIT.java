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

/**
 * More processes that write to one server at full speed than it bears by itself: sqld 0.24 stands still then, for some
 * seconds or for good, unless it makes its checkpoints at intervals.
 */
class CrowdFaultIT {

    private static final int FEW = 3;
    private static final int LEAST_OUTCOMES = 10;

    @TempDir
    private Path folder;

    @Test
    void eightProcessesOnOneServerLoseNothingAndAllGoOn() throws Exception {
        goOn(8, sqld -> {});
    }

    /** However the server bears them, it stands still once. */
    @Test
    @Tag("long")
    void sixteenProcessesLoseNothingAndGoOnWhenAServerThatStoodStillIsStartedAgain() throws Exception {
        int restarts = goOn(16, Sqld::freeze);
        assertThat(restarts).isPositive();
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

    /** Something that befalls a server. */
    private interface Mishap {
        void befall(Sqld sqld) throws Exception;
    }

    /**
     * Runs them on a server as it comes, which is started again when it stands still; gives how often it was.
     *
     * @param mishap what happens when all of them are at work
     */
    private int goOn(int processes, Mishap mishap) throws Exception {
        try (Sqld sqld = Sqld.start();
                Crew crew = crew(processes, sqld);
                Attendant attendant = Attendant.of(sqld)) {
            crew.awaitOutcomesOfEach(LEAST_OUTCOMES);
            mishap.befall(sqld);
            crew.awaitSteps(Scale.of(1_000, 20_000));
            crew.awaitOutcomesOfEach(LEAST_OUTCOMES);
            Report.add("10 crowd of " + processes + " processes, sqld", processes, crew.finish());
            return attendant.restarts();
        }
    }

    /**
     * How many tasks so many processes run in a second, once all of them are at work, on a server that makes its
     * checkpoints at intervals.
     */
    private double perSecond(int processes) throws Exception {
        int tasks = 30_000;
        try (Sqld sqld = Sqld.start("--checkpoint-interval-s", "5");
                Crew crew = crew(processes, sqld)) {
            crew.awaitOutcomesOfEach(LEAST_OUTCOMES);
            long start = System.nanoTime();
            crew.awaitSteps(tasks);
            double perSecond = tasks / ((System.nanoTime() - start) / 1e9);
            Report.add("10 crowd of " + processes + " processes, sqld with intervals", processes, crew.finish());
            return perSecond;
        }
    }

    private Crew crew(int processes, Sqld sqld) throws Exception {
        return Crew.start(
                sqld.r2dbcUrl(), Files.createTempDirectory(folder, "crowd"), Collections.nCopies(processes, Part.BOTH));
    }
}
