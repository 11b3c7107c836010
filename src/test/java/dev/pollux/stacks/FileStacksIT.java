package dev.pollux.stacks;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileStacksIT extends StacksContract {

    @TempDir
    @SuppressWarnings("NullAway") // JUnit sets it
    Path folder;

    @Override
    public String url() {
        return "libsql:file://" + folder.resolve("stacks.db");
    }
}
