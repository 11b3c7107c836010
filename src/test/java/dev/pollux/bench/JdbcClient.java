package dev.pollux.bench;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.sqlite.JDBC;

/** Bare sqlite-jdbc, set up as the driver sets it up, its statements prepared once. */
final class JdbcClient implements Client {

    private final Connection connection;
    private final PreparedStatement insert;
    private final PreparedStatement read;
    private final PreparedStatement scan;
    private final PreparedStatement update;
    private long lastSale;
    private long lastUpdate;

    JdbcClient(Path file, String synchronous) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("transaction_mode", "IMMEDIATE");
        connection = JDBC.createConnection("jdbc:sqlite:" + file, properties);
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA foreign_keys = ON");
            statement.execute("PRAGMA cache_size = -16000");
            statement.execute("PRAGMA mmap_size = 0");
            statement.execute("PRAGMA journal_mode = WAL");
            statement.execute("PRAGMA synchronous = " + synchronous);
            statement.execute("PRAGMA busy_timeout = 5000");
            for (String table : TABLES) {
                statement.execute(String.format(table, "INTEGER"));
            }
        }
        try (PreparedStatement fill = connection.prepareStatement(FILL)) {
            connection.setAutoCommit(false);
            for (long id = 1; id <= ITEMS; id++) {
                add(fill, id);
            }
            fill.executeBatch();
            connection.setAutoCommit(true);
        }
        insert = connection.prepareStatement(INSERT);
        read = connection.prepareStatement(READ);
        scan = connection.prepareStatement(SCAN);
        update = connection.prepareStatement(UPDATE);
    }

    private static void add(PreparedStatement statement, long id) throws SQLException {
        set(statement, id);
        statement.addBatch();
    }

    private static void set(PreparedStatement statement, long id) throws SQLException {
        statement.setLong(1, id);
        statement.setString(2, Client.name(id));
        statement.setDouble(3, Client.price(id));
    }

    @Override
    public void insert(int rows) throws SQLException {
        for (int i = 0; i < rows; i++) {
            set(insert, ++lastSale);
            Client.check(insert.executeUpdate(), 1);
        }
    }

    @Override
    public void insertThousands(int times) throws SQLException {
        connection.setAutoCommit(false);
        for (int i = 0; i < times; i++) {
            for (int row = 0; row < 1_000; row++) {
                add(insert, ++lastSale);
            }
            long inserted = 0;
            for (int count : insert.executeBatch()) {
                inserted += count;
            }
            Client.check(inserted, 1_000);
            connection.commit();
        }
        connection.setAutoCommit(true);
    }

    @Override
    public void read(int rows, int inFlight) throws SQLException {
        for (int i = 0; i < rows; i++) {
            long key = Client.key(i);
            read.setLong(1, key);
            try (ResultSet found = read.executeQuery()) {
                found.next();
                long sum = found.getLong(1) + found.getString(2).length() + (long) found.getDouble(3);
                Client.check(sum, key + Client.name(key).length() + (long) Client.price(key));
            }
        }
    }

    @Override
    public void scan() throws SQLException {
        long count = 0;
        try (ResultSet found = scan.executeQuery()) {
            while (found.next()) {
                long sum = found.getLong(1) + found.getString(2).length() + (long) found.getDouble(3);
                count += sum > 0 ? 1 : 0;
            }
        }
        Client.check(count, ITEMS);
    }

    @Override
    public void updateTwo(int transactions) throws SQLException {
        connection.setAutoCommit(false);
        for (int i = 0; i < transactions; i++) {
            update(Client.key(2 * i));
            update(Client.key(2 * i + 1));
            connection.commit();
        }
        connection.setAutoCommit(true);
    }

    private void update(long key) throws SQLException {
        update.setDouble(1, Client.changed(key, ++lastUpdate));
        update.setLong(2, key);
        Client.check(update.executeUpdate(), 1);
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
