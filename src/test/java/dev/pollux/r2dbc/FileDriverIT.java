package dev.pollux.r2dbc;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The contract on a file. */
class FileDriverIT extends DriverContract implements LockContract, UpkeepContract {

    @TempDir
    @SuppressWarnings("NullAway") // JUnit sets it
    Path folder;

    @Override
    LibsqlConnectionFactory open() {
        return LibsqlConnectionFactory.of("r2dbc:libsql:file://" + folder.resolve("contract.db"));
    }

    @Override
    public String sizeLimit() {
        return "1 GB";
    }

    @Override
    public String product() {
        return "SQLite";
    }
}
