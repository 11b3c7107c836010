package dev.pollux.r2dbc;

import java.util.LinkedHashMap;
import java.util.Map;

/** The texts parsed lately, by text. Shared by the connections of a factory. */
final class SqlCache {

    /** Texts beyond this length are parsed each time, lest a few of them fill the heap. */
    static final int LONGEST_TEXT = 100_000;

    private final Map<String, ParsedSql> parsed;

    SqlCache(int capacity) {
        this.parsed = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, ParsedSql> eldest) {
                return size() > capacity;
            }
        };
    }

    /** The parsed form of a text. */
    ParsedSql get(String text) {
        if (text.length() > LONGEST_TEXT) {
            return SqlScanner.parse(text);
        }
        synchronized (parsed) {
            ParsedSql known = parsed.get(text);
            if (known != null) {
                return known;
            }
        }
        // Parsed outside the lock: two threads may parse the same text once each.
        ParsedSql fresh = SqlScanner.parse(text);
        synchronized (parsed) {
            parsed.put(text, fresh);
        }
        return fresh;
    }

    int size() {
        synchronized (parsed) {
            return parsed.size();
        }
    }
}
