package dev.pollux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.TestDatabase;
import io.r2dbc.spi.ConnectionFactories;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class FileStorageIT extends StorageContract {

    @TempDir
    private Path folder;

    @Override
    TestDatabase emptyDatabase() {
        return TestDatabase.at(url());
    }

    private String url() {
        return "r2dbc:libsql:file://" + folder.resolve("queue.db");
    }

    /** Another connection factory has another lane: as for another process, only the file itself tells of its pushes. */
    @Test
    void aChangeOfTheFileByOthersWakesAnIdlePoll() {
        Config config = Config.builder("email")
                .pollInterval(Duration.ofHours(1))
                .drainTime(Duration.ZERO)
                .listener(events)
                .build();
        LibsqlStorage<Email> idle = LibsqlStorage.create(ConnectionFactories.get(url()), Email.class, config);
        LibsqlStorage<Email> other = LibsqlStorage.create(ConnectionFactories.get(url()), Email.class, config);
        // More than one push, for the first may come before the watch is there.
        Flux<Email> pushes = Flux.interval(Duration.ofMillis(50))
                .onBackpressureDrop()
                .concatMap(i -> other.push(Email.number(i.intValue())).then(Mono.<Email>empty()));

        StepVerifier.create(idle.poll(Worker.named("idle"))
                        .<Object>map(Task::args)
                        .mergeWith(events.next(StorageEvent.Fetched.class, fetched -> fetched.tasks() == 0)
                                .thenMany(pushes))
                        .ofType(Email.class)
                        .take(1))
                .expectNextCount(1)
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aCallerThatHoldsItsThreadKeepsNobodyElseFromTheQueue() {
        LibsqlStorage<Email> storage =
                LibsqlStorage.create(ConnectionFactories.get(url()), Email.class, Config.of("email"));
        AtomicBoolean over = new AtomicBoolean();
        CompletableFuture<Void> holding = new CompletableFuture<>();
        CompletableFuture<Void> ended = storage.push(Email.number(0))
                .doOnSuccess(pushed -> {
                    holding.complete(null);
                    boolean holds = true;
                    while (holds) {
                        holds = !over.get();
                    }
                })
                .toFuture();
        assertThat(holding).succeedsWithin(PATIENCE);
        try {
            for (int i = 1; i < 10; i++) {
                storage.push(Email.number(i)).block(PATIENCE);
            }
            assertThat(ended).isNotDone();
        } finally {
            over.set(true);
        }
        assertThat(ended).succeedsWithin(PATIENCE);
    }
}
