package dev.pollux.faults;

import dev.pollux.faults.LoadProcess.Part;
import dev.pollux.testing.Sqld;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that push and work are killed at random moments, several at once, and started again under the same names. */
class CrashFaultIT {

    private static final List<Part> PARTS = List.of(Part.WORKS, Part.WORKS, Part.WORKS, Part.PUSHES, Part.PUSHES);

    @TempDir
    private Path folder;

    @Test
    void killedProcessesLoseNothingOnAFile() throws Exception {
        crash("1 kill -9 of processes, file", "r2dbc:libsql:file://" + folder.resolve("queue.db"));
    }

    @Test
    void killedProcessesLoseNothingOnAServer() throws Exception {
        try (Sqld sqld = Sqld.start()) {
            crash("1 kill -9 of processes, sqld", sqld.r2dbcUrl());
        }
    }

    private void crash(String fault, String url) throws Exception {
        int rounds = Scale.of(3, 100);
        Random random = Scale.random();
        try (Crew crew = Crew.start(url, folder, PARTS)) {
            int killed = 0;
            for (int round = 0; round < rounds; round++) {
                crew.awaitSteps(1 + random.nextInt(Scale.of(400, 1_500)));
                killed += crew.killSome(random);
            }
            Report.add(fault, killed, crew.finish());
        }
    }
}
