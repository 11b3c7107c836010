package dev.pollux.r2dbc.local;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConnection;

/**
 * Tells whether a session's database may have other tables than before, which no function of SQLite's does: what it says
 * of a statement's columns holds for as long as this mark stays the same. Confined to the session's worker.
 *
 * <p>A change by any connection changes SQLite's {@code schema_version}, but one that is rolled back changes it back, and
 * that of an attached database is another. So all that this session does besides reading rows and changing them counts
 * too, and after an ATTACH no mark holds any more.
 */
final class SchemaMark {

    private final SQLiteConnection connection;
    private @Nullable Prepared version;
    private int changes;
    private boolean attached;

    SchemaMark(SQLiteConnection connection) {
        this.connection = connection;
    }

    /** The session has done, or undone, what may have changed the schema. */
    void mayHaveChanged() {
        changes++;
    }

    /** The session has attached a database. */
    void attached() {
        attached = true;
    }

    /** The mark as it is for a statement that is on a row, with whose snapshot it is read. */
    long now() throws SQLException {
        if (attached) {
            changes++;
        }
        Prepared pragma = version == null ? new Prepared(connection, "PRAGMA schema_version") : version;
        version = null; // if it fails, of no more use
        long number = pragma.number();
        version = pragma;
        return ((long) changes << Integer.SIZE) | Integer.toUnsignedLong((int) number);
    }
}
