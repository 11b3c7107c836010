package dev.pollux.bench;

/**
 * One of the values that a round of a figure gives.
 *
 * @param name what the report adds to the figure's name; empty for the figure's main value
 * @param unit for example {@code tasks/s}
 */
record Measure(String name, String unit) {}
