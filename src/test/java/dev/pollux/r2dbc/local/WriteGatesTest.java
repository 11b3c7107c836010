package dev.pollux.r2dbc.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.pollux.r2dbc.transport.Gate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriteGatesTest {

    @TempDir
    Path folder;

    @Test
    void aFileHasOneGateByWhateverPath() throws IOException {
        Path file = Files.createFile(folder.resolve("test.db"));
        Path link = Files.createSymbolicLink(folder.resolve("link.db"), file);
        Files.createDirectory(folder.resolve("sub"));
        Gate gate = WriteGates.ofFile(file);
        assertThat(WriteGates.ofFile(link)).isSameAs(gate);
        assertThat(WriteGates.ofFile(folder.resolve("sub/../test.db"))).isSameAs(gate);
        assertThat(WriteGates.ofFile(Files.createFile(folder.resolve("other.db"))))
                .isNotSameAs(gate);
    }

    @Test
    void aMemoryDatabaseIsNoFile() throws IOException {
        Path file = Files.createFile(folder.resolve("test.db")).toRealPath();
        Gate gate = WriteGates.ofMemory(file.toString());
        assertThat(WriteGates.ofMemory(file.toString())).isSameAs(gate);
        assertThat(WriteGates.ofFile(file)).isNotSameAs(gate);
    }

    @Test
    void aGateThatNobodyUsesGoes() throws IOException {
        int before = WriteGates.size();
        for (int i = 0; i < 100; i++) {
            WriteGates.ofFile(Files.createFile(folder.resolve(i + ".db")));
        }
        assertTimeoutPreemptively(Database.WAIT, () -> {
            while (WriteGates.size() > before) {
                System.gc();
                Thread.onSpinWait();
            }
        });
    }
}
