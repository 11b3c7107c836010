package dev.pollux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.Events;
import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Tasks that are locked, and wait behind others until they are not ours any more. */
class LateStartIT {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Events events = new Events();
    private final Queue<String> begun = new ConcurrentLinkedQueue<>();
    private final Sinks.Empty<Void> endOfTheFirst = Sinks.empty();

    @Test
    void onAFile(@TempDir Path folder) {
        aTaskThatLosesItsLeaseBehindAnotherIsNotHandled(
                TestDatabase.at("r2dbc:libsql:file://" + folder.resolve("queue.db")));
    }

    @Test
    void onAServer() {
        Sqld.shared().reset();
        aTaskThatLosesItsLeaseBehindAnotherIsNotHandled(
                TestDatabase.at(Sqld.shared().r2dbcUrl()));
    }

    private void aTaskThatLosesItsLeaseBehindAnotherIsNotHandled(TestDatabase database) {
        LibsqlStorage<String> storage = LibsqlStorage.create(
                database.factory(),
                String.class,
                Config.builder("jobs")
                        .listener(events)
                        .pollInterval(Duration.ofMillis(20))
                        .build());
        storage.setup().thenMany(storage.pushAll(Flux.just("first", "second"))).blockLast(PATIENCE);
        CompletableFuture<Long> done = storage.poll(Worker.named("worker"))
                .transform(storage.lock())
                .flatMap(storage.ack(this::handle), 1)
                .take(2)
                .count()
                .toFuture();
        becomes(database, "SELECT count(*) = 2 FROM Jobs WHERE status = 'Running'");

        database.sql("UPDATE Jobs SET status = 'Pending', attempts = 1, lock_by = NULL, lock_at = NULL, lease = NULL"
                + " WHERE CAST(job AS TEXT) = '\"second\"'");
        long now = database.number("SELECT unixepoch()");
        becomes(database, "SELECT unixepoch() > " + (now + 2));
        endOfTheFirst.tryEmitEmpty().orThrow();

        assertThat(done).succeedsWithin(PATIENCE).isEqualTo(2L);
        events.await(StorageEvent.WorkerStopped.class);
        assertThat(begun).containsExactly("first, attempt 1", "second, attempt 2");
        assertThat(events.of(StorageEvent.LeaseLost.class))
                .singleElement()
                .satisfies(lost -> assertThat(lost.step()).isEqualTo("lock"));
        assertThat(database.number("SELECT count(*) FROM Jobs WHERE status = 'Done'"))
                .isEqualTo(2);
    }

    private Mono<String> handle(Task<String> task) {
        begun.add(task.args() + ", attempt " + task.attempt());
        return task.args().equals("first") ? endOfTheFirst.asMono().thenReturn("ok") : Mono.just("ok");
    }

    private static void becomes(TestDatabase database, String sql) {
        database.becomes(sql, 1L, Flux.interval(Duration.ofMillis(20))).block(PATIENCE);
    }
}
