package dev.pollux.faults;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileCloseRaceFaultIT extends CloseRaceContract {

    @TempDir
    private Path folder;

    @Override
    Target target() {
        return Target.files(folder, "?synchronous=NORMAL&busyTimeout=PT1M");
    }
}
