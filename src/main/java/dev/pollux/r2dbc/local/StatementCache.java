package dev.pollux.r2dbc.local;

import java.sql.SQLException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.sqlite.SQLiteConnection;

/**
 * A session's prepared statements, the least recently used of which goes first. A statement in use is not in here, so
 * it can't be used twice at once. Confined to the session thread.
 */
final class StatementCache {

    private final SQLiteConnection connection;
    private final int size;
    private final Map<String, Prepared> idle = new LinkedHashMap<>();

    StatementCache(SQLiteConnection connection, int size) {
        this.connection = connection;
        this.size = size;
    }

    /** A statement for the caller alone, who gives it back or closes it. */
    Prepared take(String sql) throws SQLException {
        Prepared cached = idle.remove(sql);
        return cached == null ? new Prepared(connection, sql) : cached;
    }

    /** Takes a statement back that worked well. */
    void giveBack(Prepared statement) throws SQLException {
        statement.reset();
        Prepared twin = idle.put(statement.sql(), statement);
        if (twin != null) {
            twin.close();
        }
        if (idle.size() > size) {
            Iterator<Prepared> oldest = idle.values().iterator();
            Prepared evicted = oldest.next();
            oldest.remove();
            evicted.close();
        }
    }

    int idle() {
        return idle.size();
    }
}
