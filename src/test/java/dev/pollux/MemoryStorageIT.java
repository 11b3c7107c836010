package dev.pollux;

import dev.pollux.testing.TestDatabase;

class MemoryStorageIT extends StorageContract {

    @Override
    TestDatabase emptyDatabase() {
        return TestDatabase.at("r2dbc:libsql:mem:///" + TaskId.next());
    }
}
