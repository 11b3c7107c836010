package dev.pollux.r2dbc;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** R2DBC's test kit on a file. */
class FileTckIT extends LibsqlTestKit {

    FileTckIT(@TempDir Path folder) {
        super("r2dbc:libsql:file://" + folder.resolve("tck.db"), "jdbc:sqlite:" + folder.resolve("tck.db"));
    }
}
