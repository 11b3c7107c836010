package dev.pollux;

import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;

class SqldRustDatabaseIT extends RustDatabaseContract {

    @Override
    TestDatabase emptyDatabase() {
        Sqld.shared().reset();
        return TestDatabase.at(Sqld.shared().r2dbcUrl());
    }
}
