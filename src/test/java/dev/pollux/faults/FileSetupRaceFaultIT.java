package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.ChildJvm;
import dev.pollux.testing.Race;
import dev.pollux.testing.RustTables;
import dev.pollux.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSetupRaceFaultIT extends SetupRaceContract {

    private static final int PROCESSES = 3;

    @TempDir
    private Path folder;

    @Override
    Target target() {
        return Target.files(folder, "");
    }

    @Test
    void severalProcessesOnOneFile() {
        int rounds = Scale.of(2, 40);
        Race.repeat(rounds, race -> {
            boolean rust = race.round() % 2 == 1;
            TestDatabase alone = target().emptyDatabase();
            String url = "r2dbc:libsql:file://" + folder.resolve("queue" + race.round() + ".db");
            TestDatabase database = TestDatabase.at(url);
            if (rust) {
                RustTables.create(alone);
                RustTables.create(database);
            }
            storage(alone.factory()).setup().block(PATIENCE);
            List<List<@Nullable Object>> expected = schema(alone);
            List<ChildJvm> processes = new ArrayList<>();
            try {
                for (int i = 0; i < PROCESSES; i++) {
                    processes.add(ChildJvm.startLight(SetupProcess.class, url));
                }
                for (ChildJvm process : processes) {
                    assertThat(process.line()).isEqualTo("ready");
                }
                processes.forEach(ChildJvm::tellToStop);
                for (ChildJvm process : processes) {
                    assertThat(outcome(process)).isEqualTo("set up");
                }
            } finally {
                processes.forEach(ChildJvm::close);
            }
            assertThat(schema(database)).isEqualTo(expected);
            assertUsable(storage(database.factory()));
        });
        Report.add("8 setups by 3 processes, file", rounds, new Verdict(rounds, 0, 0, List.of()));
    }

    /** What a process says of its setup, past the lines of its log. */
    private static @Nullable String outcome(ChildJvm process) throws IOException {
        String line = process.line();
        while (line != null && !line.equals("set up") && !line.startsWith("failed with ")) {
            line = process.line();
        }
        return line;
    }
}
