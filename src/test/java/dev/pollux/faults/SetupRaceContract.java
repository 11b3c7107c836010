package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.Worker;
import dev.pollux.testing.Race;
import dev.pollux.testing.RustTables;
import dev.pollux.testing.TestDatabase;
import io.r2dbc.spi.ConnectionFactory;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** Several set one database up at once: all are done, and the schema is the one that a single setup makes. */
abstract class SetupRaceContract {

    static final Duration PATIENCE = Duration.ofMinutes(1);

    abstract Target target();

    @Test
    void twoOnAnEmptyDatabase() {
        race("2 setups of an empty database", 2, target().rounds(5, 500), database -> {});
    }

    @Test
    void eightOnAnEmptyDatabase() {
        race("8 setups of an empty database", 8, target().rounds(5, 300), database -> {});
    }

    @Test
    void twoOnADatabaseOfTheRustCrate() {
        race("2 setups of a database that the Rust crate made", 2, target().rounds(5, 300), RustTables::create);
    }

    @Test
    void eightOnADatabaseOfTheRustCrate() {
        race("8 setups of a database that the Rust crate made", 8, target().rounds(5, 300), RustTables::create);
    }

    private void race(String name, int many, int rounds, Consumer<TestDatabase> before) {
        TestDatabase alone = target().emptyDatabase();
        before.accept(alone);
        storage(alone.factory()).setup().block(PATIENCE);
        List<List<@Nullable Object>> expected = schema(alone);
        Race.repeat(rounds, race -> {
            TestDatabase database = target().emptyDatabase();
            before.accept(database);
            List<ConnectionFactory> factories = Stream.generate(
                            () -> race.random().nextBoolean() ? database.factory() : database.anotherFactory())
                    .limit(many)
                    .toList();
            List<LibsqlStorage<Integer>> storages =
                    factories.stream().map(SetupRaceContract::storage).toList();

            race.run(
                    Duration.ofMillis(10),
                    storages.stream()
                            .<Race.Action>map(storage -> () -> storage.setup().block(PATIENCE))
                            .toArray(Race.Action[]::new));

            assertThat(schema(database)).isEqualTo(expected);
            assertUsable(storages.get(0));
            // A server lets only so many streams be open.
            factories.forEach(TestDatabase::close);
            TestDatabase.close(database.factory());
        });
        Report.add("8 " + name + ", " + target().name(), rounds, new Verdict(rounds, 0, 0, List.of()));
    }

    static LibsqlStorage<Integer> storage(ConnectionFactory factory) {
        Config config = Config.builder("queue")
                .listener(event -> {})
                .drainTime(Duration.ZERO)
                .build();
        return LibsqlStorage.create(factory, Integer.class, config);
    }

    /** Its tables and indexes, in whatever order they were made, and the versions that are recorded. */
    static List<List<@Nullable Object>> schema(TestDatabase database) {
        return database.sql("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'libsql_%' UNION ALL"
                + " SELECT 'version', version, count(*) FROM PolluxSchema GROUP BY version ORDER BY 1, 2");
    }

    static void assertUsable(LibsqlStorage<Integer> storage) {
        storage.push(1).block(PATIENCE);
        assertThat(storage.poll(Worker.named("worker"))
                        .transform(storage.lock())
                        .flatMap(storage.ack(task -> Mono.just(task.args())))
                        .blockFirst(PATIENCE))
                .isNotNull();
    }
}
