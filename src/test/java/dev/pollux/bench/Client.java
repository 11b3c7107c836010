package dev.pollux.bench;

import java.sql.SQLException;
import java.util.List;

/**
 * What an application does with a database, through one connection. Its tables hold the same rows everywhere; their keys
 * have the type that the database has for a {@code long}.
 */
interface Client extends AutoCloseable {

    int ITEMS = 100_000;
    List<String> TABLES = List.of(
            "CREATE TABLE Item (id %s PRIMARY KEY, name VARCHAR(100) NOT NULL, price DOUBLE PRECISION NOT NULL)",
            "CREATE TABLE Sale (id %s PRIMARY KEY, name VARCHAR(100) NOT NULL, price DOUBLE PRECISION NOT NULL)");
    String FILL = "INSERT INTO Item (id, name, price) VALUES ($1, $2, $3)";
    String INSERT = "INSERT INTO Sale (id, name, price) VALUES ($1, $2, $3)";
    String READ = "SELECT id, name, price FROM Item WHERE id = $1";
    String SCAN = "SELECT id, name, price FROM Item";
    String UPDATE = "UPDATE Item SET price = $1 WHERE id = $2";

    /** Inserts rows one by one, each committed by itself. */
    void insert(int rows) throws Exception;

    /** Inserts a thousand rows at a time, each thousand committed together. */
    void insertThousands(int times) throws Exception;

    /** Reads rows by their primary keys, so many at a time. */
    void read(int rows, int inFlight) throws Exception;

    /** Reads all items. */
    void scan() throws Exception;

    /** Runs transactions that update two rows each. */
    void updateTwo(int transactions) throws Exception;

    /** Ends what is still to be done in the background, where a client has such work. */
    default void settle() {}

    @Override
    void close() throws SQLException;

    /** A key that jumps about among the items. */
    static long key(int i) {
        return 1 + (i * 7_919L) % ITEMS;
    }

    static String name(long id) {
        return "an item of the shop, no. " + id;
    }

    static double price(long id) {
        return id / 4.0;
    }

    /** A price that differs from update to update: SQLite writes nothing where a row stays as it is. */
    static double changed(long id, long update) {
        return price(id) + update % 997 / 10_000.0;
    }

    /** Fails if a read gave something else, for then it was not measured. */
    static void check(long found, long wanted) {
        if (found != wanted) {
            throw new IllegalStateException("found " + found + " instead of " + wanted);
        }
    }
}
