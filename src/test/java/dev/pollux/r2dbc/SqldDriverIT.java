package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.Sqld;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

/** The contract on a real libSQL server. */
class SqldDriverIT extends DriverContract {

    @BeforeAll
    static void emptyTheServer() {
        Sqld.shared().reset();
    }

    @Override
    String url() {
        return "r2dbc:libsql:" + Sqld.shared().url();
    }

    @Override
    public String product() {
        return "libSQL";
    }

    @Test
    void howLongAServerWaitsForALockIsNotOursToSet() {
        StepVerifier.create(connection().setLockWaitTimeout(Duration.ofSeconds(1)))
                .verifyError(UnsupportedOperationException.class);
        assertThat(connection().isAutoCommit()).isTrue();
        assertThat(query(Long.class, "SELECT 1")).containsExactly(1L);
    }
}
