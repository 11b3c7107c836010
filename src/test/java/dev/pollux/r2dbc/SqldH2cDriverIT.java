package dev.pollux.r2dbc;

import dev.pollux.testing.Sqld;
import org.junit.jupiter.api.BeforeAll;

/** The contract on a real libSQL server over HTTP/2 without TLS. */
class SqldH2cDriverIT extends ServerDriverContract {

    @BeforeAll
    static void emptyTheServer() {
        Sqld.shared().reset();
    }

    @Override
    String url() {
        return "r2dbc:libsql:" + Sqld.shared().url() + "?h2c=true";
    }
}
