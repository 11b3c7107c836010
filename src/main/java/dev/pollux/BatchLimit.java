package dev.pollux;

import java.util.function.Predicate;

/** Ends a batch when it has so many rows or so many characters; one for each subscription. */
final class BatchLimit implements Predicate<TaskRow> {

    private final int maxRows;
    private final int maxChars;
    private int rows;
    private int chars;

    BatchLimit(int maxRows, int maxChars) {
        this.maxRows = maxRows;
        this.maxChars = maxChars;
    }

    @Override
    public boolean test(TaskRow row) {
        rows++;
        chars += row.size();
        if (rows < maxRows && chars < maxChars) {
            return false;
        }
        rows = 0;
        chars = 0;
        return true;
    }
}
