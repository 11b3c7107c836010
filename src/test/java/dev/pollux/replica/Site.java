package dev.pollux.replica;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.NewTask;
import dev.pollux.Task;
import dev.pollux.TaskId;
import dev.pollux.Worker;
import dev.pollux.r2dbc.LibsqlConnectionFactory;
import dev.pollux.testing.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** One machine with a replica: its file, its storage, and a look into the file past both. */
final class Site implements AutoCloseable {

    static final String QUEUE = "jobs";
    static final Duration WAIT = Duration.ofSeconds(30);
    static final ReplicaConfig BY_HAND =
            ReplicaConfig.builder().background(false).build();

    final Path path;
    final Replica replica;
    final LibsqlStorage<String> storage;
    final TestDatabase file;
    private final LibsqlConnectionFactory local;
    private final LibsqlConnectionFactory remote;

    Site(Path path, String remoteUrl, ReplicaConfig config) {
        this.path = path;
        this.local = LibsqlConnectionFactory.of("file:" + path);
        this.remote = LibsqlConnectionFactory.of(remoteUrl);
        this.replica = Replica.over(local, remote, config);
        this.storage = LibsqlStorage.create(replica, String.class, Config.of(QUEUE));
        this.file = TestDatabase.of(() -> LibsqlConnectionFactory.of("file:" + path));
        storage.setup().block(WAIT);
    }

    /** The replica's id. */
    String id() {
        return String.valueOf(file.sql("SELECT id FROM PolluxReplica").get(0).get(0));
    }

    SyncReport sync() {
        return replica.sync().blockOptional(WAIT).orElseThrow();
    }

    TaskId push(String payload) {
        TaskId id = TaskId.next();
        storage.push(NewTask.of(payload).id(id)).block(WAIT);
        return id;
    }

    /** Runs that many tasks to their end, which echoes their payloads. */
    List<String> run(int tasks) {
        return storage.poll(Worker.named("worker"))
                .transform(storage.lock())
                .concatMap(task -> storage.ack((Task<String> t) -> Mono.just(t.args()))
                        .apply(task)
                        .thenReturn(task.args()))
                .take(tasks)
                .collectList()
                .blockOptional(WAIT)
                .orElseThrow();
    }

    /** A worker that waits for tasks and takes none: there is demand for them. */
    Disposable demand() {
        Disposable waiting = storage.poll(Worker.named("waiting")).subscribeWith(new NoDemand());
        file.becomes("SELECT count(*) FROM Workers WHERE id LIKE 'waiting%'", 1L, Flux.interval(Duration.ofMillis(10)))
                .block(WAIT);
        return waiting;
    }

    /** The status of a task in the file, and who holds it; null if it is not there. */
    @Nullable
    String status(TaskId id) {
        List<List<@Nullable Object>> rows =
                file.sql("SELECT status || ifnull(' ' || lock_by, '') FROM Jobs WHERE id = '" + id.value() + "'");
        return rows.isEmpty() ? null : (String) rows.get(0).get(0);
    }

    @Override
    public void close() {
        replica.close().block(WAIT);
        remote.close().block(WAIT);
        local.close().block(WAIT);
    }

    /** Subscribes and asks for nothing. */
    private static final class NoDemand extends BaseSubscriber<Task<String>> {
        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            // Nothing is asked for.
        }
    }
}
