package dev.pollux.r2dbc;

import static java.nio.charset.StandardCharsets.UTF_8;

/** SQL with its parameters, for Jazzer: it is split, or refused as {@link HostileSqlTest} says. */
public final class FuzzedSql {

    private FuzzedSql() {}

    /** Called by Jazzer with each input. */
    public static void fuzzerTestOneInput(byte[] input) {
        HostileSqlTest.splitOrRefuse(new String(input, UTF_8));
    }
}
