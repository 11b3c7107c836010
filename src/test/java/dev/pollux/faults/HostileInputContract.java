package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.pollux.AbortError;
import dev.pollux.Config;
import dev.pollux.LibsqlException;
import dev.pollux.LibsqlStorage;
import dev.pollux.NewTask;
import dev.pollux.Outcome;
import dev.pollux.SqlContext;
import dev.pollux.Task;
import dev.pollux.TaskId;
import dev.pollux.TaskStatus;
import dev.pollux.Worker;
import dev.pollux.testing.HostileText;
import dev.pollux.testing.TestDatabase;
import dev.pollux.testing.Tries;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import net.jqwik.api.lifecycle.BeforeProperty;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.assertj.core.util.Throwables;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Whatever text a caller gives as content, id or name either comes back as it was or is refused with one exception that
 * says what is wrong and does not show what was given. Either way nobody else is harmed: what goes to the database in the
 * same turn lands, and no row or table changes that was not meant.
 */
@AddLifecycleHook(Tries.class)
@AddLifecycleHook(Reported.class)
abstract class HostileInputContract {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String SECRET = "s3cr3t";
    private static final JsonMapper JSON = new JsonMapper();
    private static final TypeReference<Map<String, String>> TEXTS = new TypeReference<>() {};

    private TestDatabase database = TestDatabase.at("r2dbc:libsql:mem:///");
    private LibsqlStorage<Map<String, String>> storage = storage("email");
    private List<List<@Nullable Object>> others = List.of();

    /** An empty database of the transport under test. */
    abstract TestDatabase emptyDatabase();

    /** How many bytes of JSON a task may need before the database may refuse it for its size. */
    abstract long mostBytes();

    @BeforeProperty
    void setUp() {
        database = emptyDatabase();
        storage = storage("email");
        storage.setup().block(PATIENCE);
        database.sql("CREATE TABLE Bystander (text TEXT)");
        database.sql("INSERT INTO Bystander VALUES ('unharmed')");
        others = others();
    }

    @Provide
    Arbitrary<String> texts() {
        return HostileText.any();
    }

    @Provide
    Arbitrary<String> briefTexts() {
        return HostileText.brief();
    }

    private LibsqlStorage<Map<String, String>> storage(String queue) {
        Config config = Config.builder(queue)
                .bufferSize(20)
                .drainTime(Duration.ZERO)
                .listener(event -> {})
                .build();
        return LibsqlStorage.create(database.factory(), TEXTS, config);
    }

    private List<List<@Nullable Object>> others() {
        return database.sql("SELECT (SELECT group_concat(type || name) FROM sqlite_schema),"
                + " (SELECT group_concat(text) FROM Bystander)");
    }

    /** Runs something in one turn with pushes of others, which land; gives what it failed with. */
    private Optional<Throwable> amongOthers(Mono<?> something) {
        Mono<Boolean> other =
                Mono.defer(() -> storage.push(Map.of("plain", "task")).thenReturn(true));
        // The first goes at once, alone; what comes meanwhile is the next turn.
        Optional<Throwable> failed = Mono.zip(
                        other,
                        other,
                        something
                                .then(Mono.just(Optional.<Throwable>empty()))
                                .onErrorResume(e -> Mono.just(Optional.of(e))),
                        other)
                .blockOptional(PATIENCE)
                .orElseThrow()
                .getT3();
        assertThat(database.sql("DELETE FROM Jobs WHERE job_type = 'email' AND status = 'Pending' AND metadata = '{}'"
                        + " AND job = CAST('{\"plain\":\"task\"}' AS BLOB) RETURNING 1"))
                .hasSize(3);
        assertThat(others()).isEqualTo(others);
        return failed;
    }

    /** An exception of ours, in a few words, which nowhere shows the content. */
    private static void assertClear(Throwable error) {
        assertThat(error).isInstanceOfAny(LibsqlException.class, IllegalArgumentException.class);
        assertThat(error.getMessage()).hasSizeBetween(10, 1_000);
        assertThat(Throwables.getStackTrace(error)).doesNotContain(SECRET);
    }

    /** What a text in JSON and something beside it need in the JSON of a statement. */
    private static long bytes(Object written, Object beside) {
        String text = new String(JSON.writeValueAsBytes(written), StandardCharsets.UTF_8);
        return JSON.writeValueAsBytes(List.of(text, beside)).length;
    }

    private long tasks() {
        return database.number("SELECT count(*) FROM Jobs");
    }

    @Property(tries = 40)
    void contentComesBackAsItWasOrIsRefused(
            @ForAll("texts") String key, @ForAll("texts") String text, @ForAll("texts") String value) {
        database.sql("DELETE FROM Jobs");
        TaskId id = TaskId.next();
        Map<String, String> args = Map.of(key, SECRET + text);
        Map<String, Object> metadata = Map.of(key, List.of(SECRET + value));

        Optional<Throwable> refused =
                amongOthers(storage.push(NewTask.of(args).id(id).metadata(metadata)));

        // JSON escapes half of a surrogate pair in a payload; in metadata the Rust crate could not read it.
        boolean large = bytes(args, metadata) > mostBytes();
        if (large && refused.isPresent()) {
            assertClear(refused.get());
            assertThat(tasks()).isZero();
        } else if (HostileText.isUnicode(key + " " + value)) {
            assertThat(refused).isEmpty();
            assertThat(tasks()).isEqualTo(1);
            Task<Map<String, String>> task =
                    storage.fetchById(id).blockOptional(PATIENCE).orElseThrow();
            assertThat(task.args()).isEqualTo(args);
            assertThat(task.context().metadata()).isEqualTo(metadata);
        } else {
            assertThat(refused).hasValueSatisfying(error -> {
                assertClear(error);
                assertThat(error)
                        .hasMessageContaining("push (queue 'email', task " + id)
                        .hasMessageMatching("(?s).*(payload|metadata).*");
            });
            assertThat(tasks()).isZero();
        }
    }

    @Property(tries = 12)
    void resultsAndErrorsOfHandlersAreStoredAndHarmNobody(
            @ForAll @Size(min = 1, max = 8) List<@From("texts") String> texts) {
        database.sql("DELETE FROM Jobs");
        List<TaskId> ids = Stream.generate(TaskId::next).limit(texts.size()).toList();
        ids.forEach(
                id -> storage.push(NewTask.of(Map.of("plain", "task")).id(id)).block(PATIENCE));

        List<Outcome<String>> outcomes = storage.poll(Worker.named("worker"))
                .transform(storage.lock())
                .flatMap(storage.<String>ack(task -> {
                    int place = ids.indexOf(task.id());
                    String text = texts.get(place);
                    return place % 2 == 0 ? Mono.just(text) : Mono.error(new AbortError(text));
                }))
                .take(texts.size())
                .collectList()
                .blockOptional(PATIENCE)
                .orElseThrow();

        assertThat(outcomes).extracting(Outcome::id).containsExactlyInAnyOrderElementsOf(ids);
        for (int place = 0; place < ids.size(); place++) {
            TaskId id = ids.get(place);
            Task<?> task = storage.fetchById(id).blockOptional(PATIENCE).orElseThrow();
            JsonNode stored = JSON.readTree(String.valueOf(task.context().lastError()));
            if (place % 2 == 0) {
                assertThat(task.status()).isEqualTo(TaskStatus.DONE);
                String result = HostileText.repaired(texts.get(place));
                // A result over the database's limit is dropped, and its task done all the same.
                assertThat(stored.get("Ok"))
                        .isEqualTo(
                                stored.get("Ok").isNull() && bytes(result, "") > mostBytes()
                                        ? JSON.getNodeFactory().nullNode()
                                        : JSON.getNodeFactory().stringNode(result));
            } else {
                assertThat(task.status()).isEqualTo(TaskStatus.KILLED);
                assertThat(HostileText.repaired(new AbortError(texts.get(place)).toString()))
                        .startsWith(stored.get("Err").stringValue().replaceFirst("\ufffd?\\.\\.\\.$", ""));
            }
        }
        assertThat(tasks()).isEqualTo(texts.size());
        assertThat(others()).isEqualTo(others);
    }

    @Property(tries = 20)
    void aWorkerOfAnyNameWorksOrIsRefused(@ForAll("texts") String name) {
        database.sql("DELETE FROM Jobs");
        Worker worker;
        try {
            worker = Worker.named(name);
        } catch (IllegalArgumentException e) {
            assertClear(e);
            return;
        }
        TaskId id = TaskId.next();
        storage.push(NewTask.of(Map.of("plain", "task")).id(id)).block(PATIENCE);

        Outcome<String> outcome = storage.poll(worker)
                .transform(storage.lock())
                .flatMap(storage.<String>ack(task -> Mono.just("ok")))
                .next()
                .blockOptional(PATIENCE)
                .orElseThrow();

        assertThat(outcome.status()).isEqualTo(TaskStatus.DONE);
        assertThat(storage.fetchById(id)
                        .blockOptional(PATIENCE)
                        .orElseThrow()
                        .context()
                        .lockBy())
                .startsWith(name + "-");
        assertThat(others()).isEqualTo(others);
    }

    @Property(tries = 20)
    void aQueueOfAnyNameWorksOrIsRefused(@ForAll("texts") String name) {
        database.sql("DELETE FROM Jobs");
        LibsqlStorage<Map<String, String>> queue;
        try {
            queue = storage(name);
        } catch (IllegalArgumentException e) {
            assertClear(e);
            return;
        }
        TaskId id = TaskId.next();

        assertThat(amongOthers(queue.push(NewTask.of(Map.of("own", "task")).id(id))))
                .isEmpty();

        Task<Map<String, String>> task = queue.poll(Worker.named("worker"))
                .transform(queue.lock())
                .flatMap(mine -> queue.release(mine).thenReturn(mine))
                .next()
                .blockOptional(PATIENCE)
                .orElseThrow();
        assertThat(task.id()).isEqualTo(id);
        assertThat(task.context().queue()).isEqualTo(name);
        assertThat(queue.fetchById(id).blockOptional(PATIENCE)).isPresent();
        assertThat(queue.reenqueueOrphaned().block(PATIENCE)).isZero();
        assertThat(tasks()).isEqualTo(1);
    }

    @Property(tries = 20)
    void anIdThatIsNoneTouchesNothing(@ForAll("texts") String text) {
        database.sql("DELETE FROM Jobs");
        TaskId there = TaskId.next();
        storage.push(NewTask.of(Map.of("own", "task")).id(there)).block(PATIENCE);
        assertRefused(() -> TaskId.of(text));
        TaskId id;
        try {
            id = new TaskId(text);
        } catch (IllegalArgumentException e) {
            assertClear(e);
            return;
        }
        assertRefused(() -> NewTask.of(Map.of("own", "task")).id(id));

        assertThat(amongOthers(storage.fetchById(id).doOnNext(task -> {
                    throw new AssertionError("found " + task);
                })))
                .isEmpty();

        assertNoLease(id, "worker");
        assertThat(storage.fetchById(there)
                        .blockOptional(PATIENCE)
                        .orElseThrow()
                        .status())
                .isEqualTo(TaskStatus.PENDING);
        assertThat(tasks()).isEqualTo(1);
    }

    @Property(tries = 20)
    void aWorkerThatHoldsNothingChangesNothing(@ForAll("texts") String worker) {
        database.sql("DELETE FROM Jobs");
        TaskId id = TaskId.next();
        storage.push(NewTask.of(Map.of("own", "task")).id(id)).block(PATIENCE);

        assertNoLease(id, worker);

        Task<?> task = storage.fetchById(id).blockOptional(PATIENCE).orElseThrow();
        assertThat(task.status()).isEqualTo(TaskStatus.PENDING);
        assertThat(task.context().lockBy()).isNull();
    }

    /** What can be done with a task that a poll emitted is refused for one that looks so and is not. */
    private void assertNoLease(TaskId id, String worker) {
        SqlContext context = new SqlContext("email", 25, Instant.EPOCH, null, null, worker, 1, null, 0, Map.of());
        Task<Map<String, String>> forged = new Task<>(id, Map.of(), TaskStatus.RUNNING, 0, context);
        for (Mono<?> use : List.of(
                storage.lock(forged),
                storage.ackDone(forged, "done"),
                storage.ackFailed(forged, new AbortError("killed")),
                storage.release(forged))) {
            assertThat(amongOthers(use)).hasValueSatisfying(HostileInputContract::assertClear);
        }
    }

    private static void assertRefused(ThrowingCallable making) {
        Throwable error = catchThrowable(making);
        assertThat(error).isInstanceOf(IllegalArgumentException.class);
        assertClear(error);
    }
}
