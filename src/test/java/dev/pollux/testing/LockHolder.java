package dev.pollux.testing;

import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/** A program that takes a SQLite file's write lock, prints {@code locked}, and keeps it until its standard input ends. */
public final class LockHolder {

    private LockHolder() {}

    /** Takes the file's path. */
    public static void main(String[] arguments) throws SQLException, IOException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + arguments[0]);
                Statement statement = connection.createStatement()) {
            statement.execute("BEGIN IMMEDIATE");
            System.out.println("locked");
            while (System.in.read() >= 0) {
                // Until the parent closes it.
            }
            statement.execute("COMMIT");
        }
    }
}
