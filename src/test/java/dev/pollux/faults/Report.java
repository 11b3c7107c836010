package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * The file {@code target/faults/results.tsv}: one line for each fault, with the times it was injected, the tasks, how many
 * of them were lost and duplicated without cause, and the verdict. Where there is no load, but inputs or calls that must
 * come to a certain end, those count as the tasks, the ones that came to another as lost, and none can be doubled.
 *
 * <p>Each JVM begins a new file, unless {@code -Dfaults.build} names the build that began the one there is.
 */
public final class Report {

    private static final Path FILE = Path.of("target", "faults", "results.tsv");
    /** Holds the name of the build whose file it is. */
    private static final Path BUILD = FILE.resolveSibling("build");

    private static boolean begun;

    private Report() {}

    /** Writes and prints a line; fails unless the promises held and the fault was injected at all. */
    public static void add(String fault, long injected, Verdict verdict) {
        String line = write(fault, injected, verdict);
        assertThat(verdict.text()).as(line).isEqualTo("held");
        assertThat(injected).as("times injected: " + line).isPositive();
        assertThat(verdict.tasks()).as("tasks: " + line).isPositive();
    }

    /**
     * Writes and prints a line of inputs or calls. It is for the caller to fail with whatever a bad one met.
     *
     * @param checked how many there were
     * @param failed how many of them did not end as they must
     */
    public static void addInputs(String fault, int checked, int failed) {
        String line = write(fault, checked, new Verdict(checked, failed, 0, List.of()));
        assertThat(checked).as("times injected: " + line).isPositive();
    }

    private static synchronized String write(String fault, long injected, Verdict verdict) {
        String line = fault
                + '\t'
                + injected
                + '\t'
                + verdict.tasks()
                + '\t'
                + verdict.lost()
                + '\t'
                + verdict.duplicated()
                + '\t'
                + (verdict.held() ? "held" : "BROKEN");
        try {
            if (!begun) {
                begin(System.getProperty("faults.build", ""));
                begun = true;
            }
            Files.writeString(FILE, line + '\n', StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        System.out.println(line);
        return line;
    }

    private static void begin(String build) throws IOException {
        boolean goesOn = !build.isEmpty()
                && Files.exists(BUILD)
                && Files.readString(BUILD).equals(build);
        if (!goesOn) {
            Files.createDirectories(FILE.getParent());
            Files.deleteIfExists(FILE);
            Files.writeString(BUILD, build);
        }
    }
}
