package dev.pollux;

import java.util.List;

/** A batch of a {@code pushAll}, with the numbers by which an error names it. */
record Batch(long number, long firstTask, List<TaskRow> rows) {

    static final Batch NONE = new Batch(0, 1, List.of());

    Batch followedBy(List<TaskRow> next) {
        return new Batch(number + 1, firstTask + rows.size(), next);
    }

    /** Its name: the rest may be secret. */
    @Override
    public String toString() {
        return name();
    }

    String name() {
        return "pushAll, batch " + number + " (tasks " + firstTask + " to " + (firstTask + rows.size() - 1) + ")";
    }
}
