package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The file {@code target/faults/results.tsv}: one line for each fault, with the times it was injected, the tasks, how many
 * of them were lost and duplicated without cause, and the verdict. Each run of the suite begins a new one.
 */
final class Report {

    private static final Path FILE = Path.of("target", "faults", "results.tsv");
    private static boolean begun;

    private Report() {}

    /** Writes and prints a line; fails unless the promises held and the fault was injected at all. */
    static synchronized void add(String fault, long injected, Verdict verdict) {
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
                Files.createDirectories(FILE.getParent());
                Files.deleteIfExists(FILE);
                begun = true;
            }
            Files.writeString(FILE, line + '\n', StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        System.out.println(line);
        assertThat(verdict.text()).as(line).isEqualTo("held");
        assertThat(injected).as("times injected: " + line).isPositive();
        assertThat(verdict.tasks()).as("tasks: " + line).isPositive();
    }
}
