package dev.pollux.testing;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Tuple;

/** Texts that have broken programs before: quotes, SQL, NULs, controls, halves of surrogate pairs, a megabyte. */
public final class HostileText {

    private static final int MEGABYTE = 1 << 20;

    private static final String[] FRAGMENTS = {
        "a",
        " ",
        "'",
        "\"",
        "`",
        "]",
        "\\",
        "%",
        "?",
        "?1",
        ":name",
        "@x",
        "$1",
        ";",
        "--",
        "/*",
        "*/",
        "'; DROP TABLE Jobs; --",
        "\"; DELETE FROM Jobs; --",
        "') ON CONFLICT DO NOTHING; UPDATE Jobs SET status='Done' --",
        "' OR '1'='1",
        "\"}, \"01JDPXB6WZ0000000000000000\": \"",
        "{\"Ok\":1}",
        "[1,2",
        "null",
        "\\u0000",
        "\\ud800",
        "%00",
        "%",
        "&authToken=",
        "#",
        "../",
        "\0",
        "\u0001",
        "\b",
        "\t",
        "\r\n",
        "\u001b[2J",
        "\u007f",
        "\u0085",
        "\u2028",
        "\u202e",
        "\u200f",
        "\ufeff",
        "\uffff",
        "e\u0301",
        "\ud83d\ude00",
        "\ud83c\udff3\ufe0f\u200d\ud83c\udf08",
        "\ud83d",
        "\ude00",
    };

    private HostileText() {}

    /** Any of them. */
    public static Arbitrary<String> any() {
        return Arbitraries.frequencyOf(List.of(Tuple.of(60, brief()), Tuple.of(1, large())));
    }

    /** Those of at most some hundred characters. */
    public static Arbitrary<String> brief() {
        Arbitrary<String> fragments =
                Arbitraries.of(FRAGMENTS).list().ofMaxSize(6).map(parts -> String.join("", parts));
        Arbitrary<String> characters = Arbitraries.strings().all().ofMaxLength(30);
        return Arbitraries.frequencyOf(List.of(Tuple.of(3, fragments), Tuple.of(1, characters)));
    }

    private static Arbitrary<String> large() {
        return Arbitraries.of(FRAGMENTS).map(fragment -> fragment.repeat(MEGABYTE / fragment.length()));
    }

    /** Whether UTF-8 can hold it: no half of a surrogate pair stands alone. */
    public static boolean isUnicode(String text) {
        return text.codePoints().noneMatch(HostileText::isHalfPair);
    }

    /** The text with each half of a surrogate pair that stands alone replaced, as a decoder would. */
    public static String repaired(String text) {
        return text.codePoints()
                .map(point -> isHalfPair(point) ? '\ufffd' : point)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private static boolean isHalfPair(int point) {
        return point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE;
    }
}
