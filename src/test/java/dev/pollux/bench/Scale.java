package dev.pollux.bench;

import java.util.Locale;

/**
 * How much of everything is done.
 *
 * @param quick whether only to see that all of it works
 */
record Scale(boolean quick) {

    /** How many of something. */
    int of(int many, int few) {
        return quick ? few : many;
    }

    int warmUps(int many) {
        return of(many, 0);
    }

    int rounds(int many) {
        return of(many, 1);
    }

    /** A number as figures have it in their names. */
    static String text(int number) {
        return String.format(Locale.ROOT, "%,d", number);
    }
}
