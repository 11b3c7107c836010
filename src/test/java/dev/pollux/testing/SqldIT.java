package dev.pollux.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The harness itself: real servers start, can be emptied, guard their door and stop. */
class SqldIT {

    // Plain HTTP/1.1: the JDK's client would try an upgrade to h2c, at which sqld hangs.
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @Test
    void theSharedServerCanBeEmptied() throws Exception {
        Sqld sqld = Sqld.shared();
        sqld.reset();
        execute(sqld, null, "CREATE TABLE parent(id INTEGER PRIMARY KEY)");
        execute(sqld, null, "CREATE TABLE child(id INTEGER REFERENCES parent(id))");
        execute(sqld, null, "INSERT INTO parent VALUES (1)");
        execute(sqld, null, "INSERT INTO child VALUES (1)");
        execute(sqld, null, "CREATE VIEW both AS SELECT * FROM parent JOIN child USING (id)");

        sqld.reset();

        // Once a table had AUTOINCREMENT, SQLite keeps its own table of sequences for ever.
        assertThat(execute(sqld, null, "SELECT count(*) FROM sqlite_schema WHERE name <> 'sqlite_sequence'")
                        .body())
                .contains("\"value\":\"0\"");
    }

    @Test
    void aServerWithAKeyLetsInOnlyItsTokens() throws Exception {
        TokenKey key = TokenKey.create();
        try (Sqld sqld = Sqld.start(key)) {
            assertThat(execute(sqld, key.readWrite(), "CREATE TABLE t(a)").statusCode())
                    .isEqualTo(200);
            assertThat(execute(sqld, null, "SELECT 1").statusCode()).isEqualTo(401);
            assertThat(execute(sqld, key.expired(), "SELECT 1").statusCode()).isEqualTo(401);
            assertThat(execute(sqld, TokenKey.create().readWrite(), "SELECT 1").statusCode())
                    .isEqualTo(401);
        }
    }

    @Test
    void aReplicaPassesWritesToItsPrimary() throws Exception {
        try (SqldPair servers = SqldPair.start()) {
            assertThat(execute(servers.replica(), null, "CREATE TABLE t(a)").body())
                    .contains("\"type\":\"ok\"");
            assertThat(execute(servers.primary(), null, "SELECT count(*) FROM t")
                            .body())
                    .contains("\"value\":\"0\"");
        }
    }

    @Test
    void aClosedServerIsGone() {
        Sqld sqld = Sqld.start();
        sqld.close();
        sqld.close();

        assertThat(catchThrowable(() -> execute(sqld, null, "SELECT 1"))).isInstanceOf(IOException.class);
    }

    private static HttpResponse<String> execute(Sqld sqld, @Nullable String token, String sql) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(sqld.url() + "/v2/pipeline"))
                .timeout(Duration.ofSeconds(10))
                .POST(HttpRequest.BodyPublishers.ofString("{\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql\":\""
                        + sql + "\"}},{\"type\":\"close\"}]}"));
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
