package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.ChildJvm;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jcstress.Main;

/**
 * The classes that decide a race by themselves, without a thread or a timer of their own, under jcstress: it makes
 * millions of them and lets the racers at them in every mode of the compilers. The others have tests of their own, with
 * fewer rounds.
 */
@Tag("long")
class StressIT {

    private static final int TESTS = 3;

    @TempDir
    private Path folder;

    @Test
    void nothingForbiddenIsSeen() throws Exception {
        try (ChildJvm harness = ChildJvm.startIn(
                folder,
                Main.class,
                "-m",
                "quick",
                "-sc",
                "false",
                "-af",
                "NONE",
                "-t",
                "dev.pollux",
                "-r",
                folder.toString())) {
            String all = String.join("\n", harness.lines().toIterable());
            assertThat(harness.awaitExit(60)).as(all).isZero();
            assertThat(all)
                    .contains(
                            "Failed tests: No matches.",
                            "Error tests: No matches.",
                            "All remaining tests: " + TESTS + " matching test results.");
        }
        Report.add("8 jcstress of lock-free classes", TESTS, new Verdict(TESTS, 0, 0, List.of()));
    }
}
