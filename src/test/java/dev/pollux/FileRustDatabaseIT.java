package dev.pollux;

import dev.pollux.testing.TestDatabase;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileRustDatabaseIT extends RustDatabaseContract {

    @TempDir
    private Path folder;

    @Override
    TestDatabase emptyDatabase() {
        return TestDatabase.at("r2dbc:libsql:file://" + folder.resolve("apalis.db"));
    }
}
