package edge;

import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What happens, a line each: when, where, and what. */
final class Account {

    private final long start = System.nanoTime();
    private final Map<String, String> last = new ConcurrentHashMap<>();

    void tell(String where, String what) {
        last.put(where, what);
        print(where, what);
    }

    /** Says it, unless it was the last that was said there. */
    void tellNews(String where, String what) {
        if (!what.equals(last.put(where, what))) {
            print(where, what);
        }
    }

    private void print(String where, String what) {
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.println(String.format(Locale.ROOT, "%5.1f s  %-8s %s", seconds, where, what));
    }
}
