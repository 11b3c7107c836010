package dev.pollux.r2dbc;

import dev.pollux.testing.SqldPair;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** The contract through a replica, whose reads are to be as fresh as those of its primary. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // started before all
class SqldReplicaDriverIT extends ServerDriverContract {

    private SqldPair servers;

    @BeforeAll
    void startServers() {
        servers = SqldPair.start();
    }

    @AfterAll
    void stopServers() {
        servers.close();
    }

    @Override
    String url() {
        return "r2dbc:libsql:" + servers.replica().url() + "?consistentReads=true";
    }
}
