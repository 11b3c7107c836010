package dev.pollux.r2dbc;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * URLs with their options, for Jazzer: they name a database, or are refused as {@link HostileOptionsTest} says. The first
 * byte of an input says which of that test's starts the rest goes on from.
 */
public final class FuzzedUrls {

    private FuzzedUrls() {}

    /** Called by Jazzer with each input. */
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length == 0) {
            return;
        }
        String rest = new String(input, 1, input.length - 1, UTF_8);
        // A name of a file may be shown, whatever it is.
        if (!rest.contains(HostileOptionsTest.SECRET)) {
            int start = Math.floorMod(input[0], HostileOptionsTest.STARTS.size());
            // Of each option it is said what is wrong with it.
            HostileOptionsTest.takeOrRefuse(HostileOptionsTest.STARTS.get(start) + rest, 2_000 + 10 * rest.length());
        }
    }
}
