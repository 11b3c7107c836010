package dev.pollux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.Events;
import dev.pollux.testing.RustTables;
import dev.pollux.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

/**
 * A database that the Rust crate apalis-libsql 0.1 made, with its foreign key from {@code lock_by} and its indexes, is
 * taken up and served, and what Pollux writes fits what the crate reads.
 */
abstract class RustDatabaseContract {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String PAYLOAD = "CAST('{\"to\":\"rust@example.com\",\"text\":\"from Rust\"}' AS BLOB)";

    private final Events events = new Events();
    private TestDatabase database;
    private LibsqlStorage<Email> storage;

    abstract TestDatabase emptyDatabase();

    @BeforeEach
    void makeTheCratesTables() {
        database = emptyDatabase();
        RustTables.create(database);
        worker("living-rust-worker", 0);
        worker("dead-rust-worker", 100_000);
        row("01JDPXB6WZ000000000000000A", "Pending", 0, null);
        row("01JDPXB6WZ000000000000000B", "Queued", 0, "dead-rust-worker");
        row("01JDPXB6WZ000000000000000C", "Running", 3, "dead-rust-worker");
        row("01JDPXB6WZ000000000000000D", "Running", 0, "living-rust-worker");
        row("01JDPXB6WZ000000000000000E", "Failed", 2, "dead-rust-worker");
        row("01JDPXB6WZ000000000000000F", "Failed", 25, "dead-rust-worker");
        row("01JDPXB6WZ000000000000000G", "Done", 0, "dead-rust-worker");
        row("01JDPXB6WZ000000000000000H", "Killed", 25, "dead-rust-worker");

        Config config = Config.builder("email")
                .listener(events)
                .drainTime(Duration.ZERO)
                .pollInterval(Duration.ofMillis(20))
                .build();
        storage = LibsqlStorage.create(database.factory(), Email.class, config);
        storage.setup().block(PATIENCE);
    }

    private void worker(String id, int silentFor) {
        database.sql("INSERT INTO Workers (id, worker_type, storage_name, layers, last_seen) VALUES ('" + id
                + "', 'email', 'LibsqlStorage', '', strftime('%s', 'now') - " + silentFor + ")");
    }

    private void row(String id, String status, int attempts, @Nullable String lockBy) {
        database.sql("INSERT INTO Jobs (job, id, job_type, status, attempts, max_attempts, run_at, priority, metadata,"
                + " lock_by, lock_at) VALUES (" + PAYLOAD + ", '" + id + "', 'email', '" + status + "', " + attempts
                + ", 25, strftime('%s', 'now'), 0, '{}', " + (lockBy == null ? "NULL, NULL" : "'" + lockBy + "', 0")
                + ")");
    }

    private List<Task<Email>> run(int count) {
        return storage.poll(Worker.named("java-worker"))
                .transform(storage.lock())
                .flatMap(task -> storage.ackDone(task, "ok").thenReturn(task))
                .take(count)
                .collectList()
                .blockOptional(PATIENCE)
                .orElseThrow();
    }

    @Test
    void rowsInEveryStatusAreServedAsTheirStatusSays() {
        List<Task<Email>> tasks = run(4);

        assertThat(tasks)
                .extracting(task -> task.id().value().substring(25) + " after " + task.attempts())
                .containsExactlyInAnyOrder("A after 0", "B after 1", "C after 4", "E after 2");
        assertThat(tasks)
                .allSatisfy(task -> assertThat(task.args()).isEqualTo(new Email("rust@example.com", "from Rust")));
        assertThat(database.sql("SELECT substr(id, 26), status FROM Jobs WHERE status <> 'Done' ORDER BY id"))
                .as("a living worker's lease, one without tries, and what is over stay as they are")
                .containsExactly(List.of("D", "Running"), List.of("F", "Failed"), List.of("H", "Killed"));
    }

    @Test
    void rowsThatTheCratePushesArePolledRunAndAcknowledged() {
        run(4);
        database.sql("INSERT INTO Jobs (job, id, job_type, status, attempts, max_attempts, run_at, priority, metadata)"
                + " VALUES (" + PAYLOAD
                + ", '01JDPXB6WZ000000000000000Z', 'email', 'Pending', 0, 25, strftime('%s', 'now'),"
                + " 0, '{\"trace\":\"abc\"}')");

        Task<Email> task = run(1).get(0);

        assertThat(task.context().metadata()).containsEntry("trace", "abc");
        assertThat(database.sql("SELECT status, last_error, lock_by LIKE 'java-worker-%' FROM Jobs WHERE id ="
                        + " '01JDPXB6WZ000000000000000Z'"))
                .containsExactly(List.of("Done", "{\"Ok\":\"ok\"}", 1L));
    }

    @Test
    void theForeignKeyHoldsThroughAWorkersWholeLife() {
        storage.pushAll(Flux.range(0, 20).map(Email::number)).block(PATIENCE);
        run(24);
        events.await(StorageEvent.WorkerStopped.class);
        assertThat(events.of(StorageEvent.Fault.class)).isEmpty();
        assertThat(database.sql("PRAGMA foreign_key_check")).isEmpty();
        assertThat(database.number("SELECT count(*) FROM Workers WHERE id LIKE 'java-worker-%'"))
                .as("finished tasks refer to the worker, so the crate's schema keeps it")
                .isEqualTo(1);
    }

    @Test
    void whatPolluxWritesHasTheTypesTheCrateReads() {
        storage.push(NewTask.of(Email.number(1)).delay(Duration.ofHours(1))).block(PATIENCE);
        assertThat(database.sql("SELECT typeof(job), typeof(id), length(id), typeof(job_type), status,"
                        + " typeof(attempts), typeof(max_attempts), typeof(run_at), last_error IS NULL, lock_at IS NULL,"
                        + " lock_by IS NULL, done_at IS NULL, typeof(priority), json_type(metadata) FROM Jobs WHERE"
                        + " run_at > unixepoch() + 3000"))
                .containsExactly(List.of(
                        "blob", "text", 26L, "text", "Pending", "integer", "integer", "integer", 1L, 1L, 1L, 1L,
                        "integer", "object"));
        run(4);
        assertThat(database.sql("SELECT DISTINCT typeof(lock_at), typeof(lock_by), typeof(done_at),"
                        + " json_type(last_error, '$.Ok') FROM Jobs WHERE status = 'Done' AND lock_by LIKE 'java-%'"))
                .containsExactly(List.of("integer", "text", "integer", "text"));
    }

    @Test
    void setupKeepsTheCratesIndexesAndAddsItsOwn() {
        storage.setup().block(PATIENCE);
        assertThat(database.sql(
                        "SELECT name FROM sqlite_schema WHERE type = 'index' AND name NOT LIKE 'sqlite_%' ORDER BY"
                                + " name"))
                .containsExactly(
                        List.of("JTIdx"),
                        List.of("LIdx"),
                        List.of("LSIdx"),
                        List.of("PolluxLeased"),
                        List.of("PolluxReady"),
                        List.of("SIdx"),
                        List.of("WTIdx"));
        assertThat(database.number("SELECT count(*) FROM Jobs")).isEqualTo(8);
    }
}
