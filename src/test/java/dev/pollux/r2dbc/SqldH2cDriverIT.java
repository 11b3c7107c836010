package dev.pollux.r2dbc;

import dev.pollux.testing.Sqld;

/** The contract on a real libSQL server over HTTP/2 without TLS. */
class SqldH2cDriverIT extends DriverContract {

    @Override
    LibsqlConnectionFactory open() {
        Sqld.shared().reset();
        return LibsqlConnectionFactory.of("r2dbc:libsql:" + Sqld.shared().url() + "?h2c=true");
    }

    @Override
    public String product() {
        return "libSQL";
    }
}
