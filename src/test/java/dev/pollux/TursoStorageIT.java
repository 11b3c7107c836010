package dev.pollux;

import dev.pollux.r2dbc.LibsqlConnectionFactory;
import dev.pollux.testing.TestDatabase;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Tag;

/**
 * The contract on Turso Cloud, or any other libSQL server: {@code TURSO_DATABASE_URL=libsql://.. TURSO_AUTH_TOKEN=.. mvn
 * verify -Dturso}. It drops the queue's tables there before each test. Ordinary builds do not run this class.
 */
@Tag("turso")
class TursoStorageIT extends StorageContract {

    @Override
    TestDatabase emptyDatabase() {
        String url = Objects.requireNonNull(System.getenv("TURSO_DATABASE_URL"), "TURSO_DATABASE_URL is not set");
        String token = System.getenv("TURSO_AUTH_TOKEN");
        String whole =
                token == null || token.isEmpty() ? url : url + (url.contains("?") ? "&" : "?") + "authToken=" + token;
        TestDatabase database = TestDatabase.of(() -> LibsqlConnectionFactory.of(whole));
        for (String table : List.of("Jobs", "Workers", "PolluxSchema")) {
            database.sql("DROP TABLE IF EXISTS " + table);
        }
        return database;
    }
}
