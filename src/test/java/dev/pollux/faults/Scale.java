package dev.pollux.faults;

import java.util.Random;

/** How much the suite does: a little in every build, much in {@code mvn -Pfaults verify}. */
final class Scale {

    private static final boolean LONG = Boolean.getBoolean("faults.long");

    private Scale() {}

    /** How many of something: in every build, or in the long form. */
    static int of(int few, int many) {
        return LONG ? many : few;
    }

    /** A source of random choices, the same each time unless {@code -Dfaults.seed} says otherwise. */
    static Random random() {
        long seed = Long.getLong("faults.seed", 1);
        return new Random(seed);
    }
}
