package dev.pollux.faults;

import dev.pollux.testing.TestDatabase;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileHostileCodeIT extends HostileCodeContract {

    @TempDir
    private Path databaseFolder;

    @Override
    TestDatabase emptyDatabase() {
        return TestDatabase.at("r2dbc:libsql:file://" + databaseFolder.resolve("queue.db"));
    }

    @Override
    String transport() {
        return "file";
    }
}
