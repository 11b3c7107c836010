package dev.pollux;

import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;

class SqldStorageIT extends StorageContract {

    @Override
    TestDatabase emptyDatabase() {
        Sqld.shared().reset();
        return TestDatabase.at("r2dbc:libsql://127.0.0.1:" + Sqld.shared().port() + "?tls=0");
    }
}
