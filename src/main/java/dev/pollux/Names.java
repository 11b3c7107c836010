package dev.pollux;

import java.util.List;

/** What the names of queues and workers may be. */
final class Names {

    private Names() {}

    /** Adds what keeps a name from being one: it must come back from the database, and out of JSON in statements. */
    static void check(String what, String name, int most, List<String> problems) {
        if (name.isBlank() || name.length() > most) {
            problems.add(what + " must have a name of 1 to " + most + " characters, not "
                    + (name.isBlank() ? "a blank" : name.length()));
        }
        // SQLite's JSON functions end a text at its first NUL.
        if (name.indexOf('\0') >= 0) {
            problems.add(what + " must not have a NUL in its name");
        }
        if (Texts.hasHalfPair(name)) {
            problems.add(what + " must not have half of a surrogate pair in its name, which is no text in UTF-8");
        }
    }
}
