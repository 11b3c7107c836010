package dev.pollux.r2dbc;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The texts parsed lately, by text. Shared by the connections of a factory. Its size is counted in characters: a text
 * composed of a thousand statements weighs as much as a thousand texts of one.
 */
final class SqlCache {

    /** Longer texts are parsed each time, at about 2 microseconds a statement. */
    static final int LONGEST_TEXT = 100_000;

    private final Map<String, ParsedSql> parsed = new LinkedHashMap<>(16, 0.75f, true);
    private final long capacity;
    private long characters;

    SqlCache(long capacity) {
        this.capacity = capacity;
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
            if (parsed.put(text, fresh) == null) {
                characters += text.length();
                evict();
            }
        }
        return fresh;
    }

    /** Drops the texts that were not used for longest, but never the last one. */
    private void evict() {
        Iterator<String> eldest = parsed.keySet().iterator();
        while (characters > capacity && parsed.size() > 1) {
            characters -= eldest.next().length();
            eldest.remove();
        }
    }

    int size() {
        synchronized (parsed) {
            return parsed.size();
        }
    }
}
