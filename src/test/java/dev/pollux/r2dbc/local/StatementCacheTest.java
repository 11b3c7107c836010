package dev.pollux.r2dbc.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.DriverManager;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sqlite.SQLiteConnection;

class StatementCacheTest {

    private SQLiteConnection connection;

    @BeforeEach
    void open() throws SQLException {
        connection = (SQLiteConnection) DriverManager.getConnection("jdbc:sqlite::memory:");
    }

    @AfterEach
    void close() throws SQLException {
        connection.close();
    }

    @Test
    void aStatementIsUsedAgain() throws SQLException {
        StatementCache cache = new StatementCache(connection, 2);
        Prepared one = cache.take("SELECT 1");
        cache.giveBack(one);
        assertThat(cache.take("SELECT 1")).isSameAs(one);
    }

    @Test
    void aStatementInUseIsNotSharedAndItsTwinIsDropped() throws SQLException {
        StatementCache cache = new StatementCache(connection, 2);
        Prepared one = cache.take("SELECT 1");
        Prepared two = cache.take("SELECT 1");
        assertThat(two).isNotSameAs(one);
        cache.giveBack(one);
        cache.giveBack(two);
        assertThat(cache.idle()).isEqualTo(1);
        assertThat(cache.take("SELECT 1")).isSameAs(two);
    }

    @Test
    void theLeastRecentlyUsedGoes() throws SQLException {
        StatementCache cache = new StatementCache(connection, 2);
        Prepared one = cache.take("SELECT 1");
        Prepared two = cache.take("SELECT 2");
        cache.giveBack(one);
        cache.giveBack(two);
        cache.giveBack(cache.take("SELECT 1"));
        cache.giveBack(cache.take("SELECT 3"));
        assertThat(cache.idle()).isEqualTo(2);
        assertThat(cache.take("SELECT 1")).isSameAs(one);
        assertThat(cache.take("SELECT 2")).isNotSameAs(two);
    }

    @Test
    void aCacheOfNoneKeepsNone() throws SQLException {
        StatementCache cache = new StatementCache(connection, 0);
        Prepared statement = cache.take("SELECT ?1");
        statement.start(1L);
        cache.giveBack(statement);
        assertThat(cache.idle()).isZero();
    }
}
