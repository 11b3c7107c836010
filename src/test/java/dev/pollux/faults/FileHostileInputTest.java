package dev.pollux.faults;

import dev.pollux.testing.TestDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.lifecycle.AfterProperty;

class FileHostileInputTest extends HostileInputContract {

    private Path folder = Path.of("");

    @Override
    TestDatabase emptyDatabase() {
        try {
            folder = Files.createTempDirectory("pollux-hostile");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return TestDatabase.at("r2dbc:libsql:file://" + folder.resolve("queue.db"));
    }

    @Override
    long mostBytes() {
        return Long.MAX_VALUE;
    }

    @AfterProperty
    void removeFolder() throws IOException {
        List<Path> all;
        try (Stream<Path> walk = Files.walk(folder)) {
            all = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : all) {
            Files.deleteIfExists(path);
        }
    }
}
