package dev.pollux.r2dbc;

import dev.pollux.testing.Sqld;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** The contract through a replica, whose reads are to be as fresh as those of its primary. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // started before all
class SqldReplicaDriverIT extends ServerDriverContract {

    private Sqld primary;
    private Sqld replica;

    @BeforeAll
    void startServers() {
        primary = Sqld.startPrimary();
        replica = primary.startReplica();
    }

    @AfterAll
    void stopServers() {
        replica.close();
        primary.close();
    }

    @Override
    String url() {
        return "r2dbc:libsql:" + replica.url() + "?consistentReads=true";
    }
}
