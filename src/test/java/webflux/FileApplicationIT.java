package webflux;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileApplicationIT extends ApplicationContract {

    @TempDir
    @SuppressWarnings("NullAway") // JUnit sets it
    private Path folder;

    @Override
    String emptyDatabase() {
        return "r2dbc:libsql:file://" + folder.resolve("emails.db");
    }
}
