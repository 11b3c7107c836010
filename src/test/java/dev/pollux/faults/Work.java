package dev.pollux.faults;

/**
 * The payload of a load's tasks, each different from all others.
 *
 * @param producer who pushed it
 * @param number which of the producer's it is
 */
record Work(String producer, long number) {}
