package dev.pollux.r2dbc.hrana;

/** Answers of a server, for Jazzer: every reader takes them or refuses them in its own way. */
public final class FuzzedAnswers {

    private FuzzedAnswers() {}

    /** Called by Jazzer with each input. */
    public static void fuzzerTestOneInput(byte[] input) {
        Answers.readByAll(input);
    }
}
