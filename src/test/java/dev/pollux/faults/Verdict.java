package dev.pollux.faults;

import java.util.List;
import java.util.stream.Stream;

/**
 * What a checker found.
 *
 * @param tasks how many tasks whose push completed, or that are there though nobody heard so
 * @param lost how many of them are not there, or did not end
 * @param duplicated how many runs there were that no failed or lost run gave cause for, and tasks that are there twice
 * @param wrong what else must not be, in words
 */
public record Verdict(int tasks, int lost, int duplicated, List<String> wrong) {

    /** Whether all promises were kept. */
    public boolean held() {
        return lost == 0 && duplicated == 0 && wrong.isEmpty();
    }

    /** What was found there and here. */
    public Verdict and(Verdict other) {
        return new Verdict(
                tasks + other.tasks,
                lost + other.lost,
                duplicated + other.duplicated,
                Stream.concat(wrong.stream(), other.wrong.stream()).toList());
    }

    /** That they were, or which were not. */
    public String text() {
        return held() ? "held" : "BROKEN" + (wrong.isEmpty() ? "" : ": " + String.join("; ", wrong));
    }
}
