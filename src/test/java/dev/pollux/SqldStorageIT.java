package dev.pollux;

import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;

class SqldStorageIT extends StorageContract {

    @Override
    TestDatabase emptyDatabase() {
        Sqld.shared().reset();
        return TestDatabase.at(Sqld.shared().r2dbcUrl());
    }
}
