package dev.pollux.faults;

import dev.pollux.testing.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.io.TempDir;

class FileCloseRaceFaultIT extends CloseRaceContract {

    @TempDir
    private Path folder;

    @Override
    TestDatabase emptyDatabase() {
        return TestDatabase.at(
                "r2dbc:libsql:file://" + folder.resolve("queue.db") + "?synchronous=NORMAL&busyTimeout=PT1M");
    }

    @Override
    String transport() {
        return "file";
    }

    @Override
    int rounds(int few, int many) {
        return Scale.of(few, many);
    }

    @Override
    Duration turn() {
        return Duration.ofMillis(1);
    }
}
