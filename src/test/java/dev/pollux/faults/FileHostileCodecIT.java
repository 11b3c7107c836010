package dev.pollux.faults;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileHostileCodecIT extends HostileCodecContract {

    @TempDir
    private Path databaseFolder;

    @Override
    Target target() {
        return Target.files(databaseFolder, "");
    }
}
