package dev.pollux.r2dbc.local;

import dev.pollux.r2dbc.transport.Gate;
import java.io.IOException;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One gate a database for the writers of this JVM, whichever transport they came by. A gate lives as long as a session
 * uses it.
 */
final class WriteGates {

    private static final Map<Object, Entry> GATES = new ConcurrentHashMap<>();
    private static final ReferenceQueue<Gate> GONE = new ReferenceQueue<>();

    private WriteGates() {}

    /** The gate of a file that exists, by whatever path it is reached. */
    static Gate ofFile(Path file) throws IOException {
        return of(file.toRealPath());
    }

    /** The gate of a memory database. */
    static Gate ofMemory(String name) {
        return of(name);
    }

    /** How many gates are in use. */
    static int size() {
        purge();
        return GATES.size();
    }

    private static Gate of(Object key) {
        purge();
        while (true) {
            Entry entry = GATES.computeIfAbsent(key, Entry::new);
            Gate gate = entry.get();
            if (gate != null) {
                return gate;
            }
            GATES.remove(key, entry); // collected, and not yet purged
        }
    }

    private static void purge() {
        for (Reference<? extends Gate> gone = GONE.poll(); gone != null; gone = GONE.poll()) {
            GATES.remove(((Entry) gone).key, gone);
        }
    }

    private static final class Entry extends WeakReference<Gate> {
        private final Object key;

        private Entry(Object key) {
            super(new Gate(), GONE);
            this.key = key;
        }
    }
}
