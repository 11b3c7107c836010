package dev.pollux.r2dbc;

import java.util.Objects;
import org.junit.jupiter.api.Tag;

/**
 * The contract on Turso Cloud, or any other libSQL server: {@code TURSO_DATABASE_URL=libsql://.. TURSO_AUTH_TOKEN=.. mvn
 * verify -Dturso}. It makes and drops the tables {@code t} and {@code u} there. Ordinary builds do not have this class.
 */
@Tag("turso")
class TursoDriverIT extends DriverContract {

    @Override
    String url() {
        String url = Objects.requireNonNull(System.getenv("TURSO_DATABASE_URL"), "TURSO_DATABASE_URL is not set");
        String token = System.getenv("TURSO_AUTH_TOKEN");
        return token == null || token.isEmpty() ? url : with(url, "authToken=" + token);
    }

    @Override
    public String sizeLimit() {
        return "5 MB";
    }

    @Override
    public String product() {
        return "libSQL";
    }
}
