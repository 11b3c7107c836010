package dev.pollux.faults;

import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;

class SqldHostileCodeIT extends HostileCodeContract {

    @Override
    TestDatabase emptyDatabase() {
        Sqld.shared().reset();
        return TestDatabase.at("r2dbc:libsql://127.0.0.1:" + Sqld.shared().port() + "?tls=0");
    }

    @Override
    String transport() {
        return "sqld";
    }
}
