package dev.pollux.faults;

import dev.pollux.TaskId;
import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * Where a contract is tested.
 *
 * @param name what the results call it
 * @param databases makes empty databases, of which a server has one at a time
 * @param slower how many times as long as a file it takes
 * @param turn how long a turn of the lane about takes
 */
record Target(String name, Supplier<TestDatabase> databases, int slower, Duration turn) {

    /** Files of a folder, opened with these options. */
    static Target files(Path folder, String options) {
        return new Target(
                "file",
                () -> TestDatabase.at("r2dbc:libsql:file://" + folder.resolve(TaskId.next() + ".db") + options),
                1,
                Duration.ofMillis(1));
    }

    /** A server that many may write to. */
    static Target sqld() {
        return new Target(
                "sqld",
                () -> {
                    Sqld.sharedByMany().reset();
                    return TestDatabase.at(Sqld.sharedByMany().r2dbcUrl());
                },
                5,
                Duration.ofMillis(4));
    }

    TestDatabase emptyDatabase() {
        return databases.get();
    }

    /** How many rounds of a race, where a file takes that many. */
    int rounds(int few, int many) {
        return Scale.of(few / slower, many / slower);
    }
}
