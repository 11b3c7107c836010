package dev.pollux.r2dbc.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** Which errors of a work that was stopped are the stop itself. */
class SqliteErrorsTest {

    @ParameterizedTest
    @CsvSource({
        "SQLITE_INTERRUPT, interrupted, true",
        "SQLITE_BUSY, database is locked, true",
        "SQLITE_BUSY_SNAPSHOT, database is locked, true",
        "SQLITE_ERROR, vtable constructor failed: json_each, true",
        "SQLITE_ERROR, no such table: t, false",
        "SQLITE_CONSTRAINT, UNIQUE constraint failed: t.n, false"
    })
    void whatAnInterruptEndsAsIsTheStop(SQLiteErrorCode code, String words, boolean stop) {
        SQLException error = new SQLiteException("[" + code + "] something (" + words + ")", code);

        assertThat(SqliteErrors.isStop(error)).isEqualTo(stop);
    }
}
