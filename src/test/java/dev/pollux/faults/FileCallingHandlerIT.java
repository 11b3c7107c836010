package dev.pollux.faults;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileCallingHandlerIT extends CallingHandlerContract {

    @TempDir
    private Path databaseFolder;

    @Override
    Target target() {
        return Target.files(databaseFolder, "");
    }
}
