package dev.pollux.r2dbc.local;

import java.sql.SQLException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConnection;

/**
 * A session's prepared statements, the least recently used of which goes first. A statement in use is not in here, so
 * it can't be used twice at once. Confined to the session's worker.
 */
final class StatementCache {

    private final SQLiteConnection connection;
    private final int size;
    private final Map<String, Prepared> idle = new LinkedHashMap<>();
    /** The statement that was given back last, if it is idle: most often it is the next one too. */
    private @Nullable Prepared last;

    StatementCache(SQLiteConnection connection, int size) {
        this.connection = connection;
        this.size = size;
    }

    /** A statement for the caller alone, who gives it back or closes it. */
    Prepared take(String sql) throws SQLException {
        Prepared found = last;
        if (found != null && found.sql().equals(sql)) {
            last = null;
        } else {
            found = idle.remove(sql);
        }
        return found == null ? new Prepared(connection, sql) : found;
    }

    /** Takes a statement back that worked well. */
    void giveBack(Prepared statement) throws SQLException {
        if (size == 0) {
            statement.close();
            return;
        }
        statement.reset();
        Prepared earlier = last;
        last = statement;
        if (earlier != null) {
            store(earlier, statement);
        }
    }

    private void store(Prepared earlier, Prepared latest) throws SQLException {
        Prepared twin = earlier.sql().equals(latest.sql()) ? earlier : idle.put(earlier.sql(), earlier);
        if (twin != null) {
            twin.close();
        }
        if (idle.size() >= size) {
            Iterator<Prepared> oldest = idle.values().iterator();
            Prepared evicted = oldest.next();
            oldest.remove();
            evicted.close();
        }
    }

    int idle() {
        return idle.size() + (last == null ? 0 : 1);
    }
}
