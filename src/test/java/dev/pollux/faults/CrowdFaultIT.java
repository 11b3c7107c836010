package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.faults.LoadProcess.Part;
import dev.pollux.testing.Sqld;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** More processes that write to one server at full speed than it bears without stalling. */
class CrowdFaultIT {

    private static final int FEW = 3;

    @TempDir
    private Path folder;

    @Test
    void manyProcessesOnOneServerLoseNothingAndGoOn() throws Exception {
        double few = perSecond(FEW);
        for (int many : new int[] {8, 16}) {
            double rate = perSecond(many);
            System.out.printf("%d processes: %.0f tasks/s, %.2f times those of %d%n", many, rate, rate / few, FEW);
            assertThat(rate).as("%d processes against %d", many, FEW).isGreaterThan(few / 2);
        }
    }

    /** How many tasks so many processes run in a second, once all of them are at work. */
    private double perSecond(int processes) throws Exception {
        Path ledgers = Files.createDirectory(folder.resolve("crowd" + processes));
        try (Sqld sqld = Sqld.start();
                Crew crew = Crew.start(
                        "r2dbc:libsql://127.0.0.1:" + sqld.port() + "?tls=0",
                        ledgers,
                        Collections.nCopies(processes, Part.BOTH))) {
            for (int i = 0; i < processes; i++) {
                crew.member(i).awaitMoreOutcomes(10);
                System.out.println("started " + i + " " + java.time.Instant.now());
            }
            int tasks = Scale.of(2_000, 20_000);
            long start = System.nanoTime();
            for (int i = 0; i < 10; i++) {
                crew.awaitSteps(tasks / 10);
                System.out.println(processes + " " + i + " " + (System.nanoTime() - start) / 1e9);
            }
            double perSecond = tasks / ((System.nanoTime() - start) / 1e9);
            Report.add("10 crowd of " + processes + " processes, sqld", processes, crew.finish());
            return perSecond;
        }
    }
}
