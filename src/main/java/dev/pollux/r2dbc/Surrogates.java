package dev.pollux.r2dbc;

/** UTF-8 has no half of a surrogate pair: one transport would send a question mark, the other something else. */
final class Surrogates {

    private Surrogates() {}

    /** The index of the first half that has no other, or -1. */
    static int unpaired(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                if (!Character.isSurrogatePair(text.charAt(i), i + 1 < text.length() ? text.charAt(i + 1) : 0)) {
                    return i;
                }
                i++;
            }
        }
        return -1;
    }
}
