package dev.pollux;

/** Texts that may be anything: whether UTF-8 can hold them, and how messages show them. */
final class Texts {

    private static final int SHOWN = 60;

    private Texts() {}

    /** Whether a text holds half of a surrogate pair, which UTF-8 cannot. */
    static boolean hasHalfPair(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                // Rare, so the exact look may take its time.
                return text.codePoints().anyMatch(Texts::isHalfPair);
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

    /**
     * The beginning of a text in one line and in its own direction: what is no ordinary character is escaped.
     *
     * @param most how many characters to show, escapes included
     */
    static String line(String text, int most) {
        StringBuilder line = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            int point = text.codePointAt(at);
            String shown = shown(point);
            if (line.length() + shown.length() > most) {
                return line.append("...").toString();
            }
            line.append(shown);
            at += Character.charCount(point);
        }
        return line.toString();
    }

    private static String shown(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> "\\u{" + Integer.toHexString(point) + '}';
            default -> Character.toString(point);
        };
    }
}
