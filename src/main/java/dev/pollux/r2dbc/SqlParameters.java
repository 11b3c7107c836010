package dev.pollux.r2dbc;

import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Numbers the parameters of a text as SQLite numbers those of a statement, but across all its statements: {@code ?NNN}
 * and {@code $NNN} are number NNN; {@code ?} is one more than the highest so far; a name is that when it first occurs,
 * and the same afterwards.
 *
 * @see <a href="https://www.sqlite.org/lang_expr.html#varparam">SQLite: parameters</a>
 */
final class SqlParameters {

    /** Far over what one statement may have (32,766), for a text can hold many statements. */
    static final int HIGHEST = 1_000_000;

    private final Map<String, Integer> names = new HashMap<>();
    private final Set<String> ambiguous = new HashSet<>();
    private final BitSet used = new BitSet();
    private int highest;

    /** The zero-based index of the parameter that {@code marker} stands for, for example {@code ?}, {@code ?2}, {@code :a}. */
    int index(String marker) {
        if (marker.equals("?")) {
            return use(highest);
        }
        Integer known = names.get(marker);
        if (known != null) {
            return known;
        }
        boolean numbered = marker.charAt(0) == '?' || (marker.charAt(0) == '$' && digits(marker));
        int index = use(numbered ? number(marker) - 1 : highest);
        names.put(marker, index);
        if (!numbered) {
            nameBare(marker.substring(1), index);
        }
        return index;
    }

    private void nameBare(String name, int index) {
        if (ambiguous.contains(name)) {
            return;
        }
        if (names.putIfAbsent(name, index) != null) {
            // :a and @a are two parameters, so "a" alone names neither.
            names.remove(name);
            ambiguous.add(name);
        }
    }

    private int use(int index) {
        used.set(index);
        highest = Math.max(highest, index + 1);
        if (highest > HIGHEST) {
            throw new IllegalArgumentException("more than " + HIGHEST + " parameters");
        }
        return index;
    }

    private static boolean digits(String marker) {
        for (int i = 1; i < marker.length(); i++) {
            // Other scripts' digits make a name.
            if (marker.charAt(i) < '0' || marker.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }

    private static int number(String marker) {
        int number = marker.length() > 8 ? Integer.MAX_VALUE : Integer.parseInt(marker, 1, marker.length(), 10);
        if (number < 1 || number > HIGHEST) {
            throw new IllegalArgumentException(
                    "parameter " + (marker.length() > 20 ? marker.substring(0, 20) + "..." : marker)
                            + ": its number must be between 1 and " + HIGHEST);
        }
        return number;
    }

    int count() {
        return highest;
    }

    BitSet used() {
        return used;
    }

    Map<String, Integer> names() {
        return names;
    }
}
