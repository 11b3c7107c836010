package dev.pollux;

import java.util.List;

/** What the names of queues and workers may be, and how messages show a text that may be anything. */
final class Names {

    private static final int SHOWN = 60;

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
        if (hasHalfPair(name)) {
            problems.add(what + " must not have half of a surrogate pair in its name, which is no text in UTF-8");
        }
    }

    /** Whether a text holds half of a surrogate pair, which UTF-8 cannot. */
    static boolean hasHalfPair(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                // Rare, so the exact look may take its time.
                return text.codePoints().anyMatch(Names::isHalfPair);
            }
        }
        return false;
    }

    /** Whether a code point is half of a surrogate pair. */
    static boolean isHalfPair(int point) {
        return point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE;
    }

    /** The beginning of a text in quotes, as {@link #line} shows it. */
    static String shown(String text) {
        return "'" + line(text, SHOWN) + "'";
    }

    /** The beginning of a text in one line and in its own direction: what is no ordinary character is escaped. */
    static String line(String text, int most) {
        StringBuilder line = new StringBuilder();
        text.codePoints().limit(most).forEach(point -> {
            switch (Character.getType(point)) {
                case Character.CONTROL,
                        Character.FORMAT,
                        Character.SURROGATE,
                        Character.LINE_SEPARATOR,
                        Character.PARAGRAPH_SEPARATOR ->
                    line.append("\\u{").append(Integer.toHexString(point)).append('}');
                default -> line.appendCodePoint(point);
            }
        });
        return line.append(text.codePoints().skip(most).findAny().isPresent() ? "..." : "")
                .toString();
    }
}
