package dev.pollux.r2dbc.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.Race;
import dev.pollux.testing.Tries;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tasks and signals that come while a thread looks for more, is about to park, parks, or is about to leave. */
class SessionThreadsRaceTest {

    /** About as long as a thread looks before it parks. */
    private static final Duration SPREAD = Duration.ofNanos(300_000);

    private final SessionThreads threads = new SessionThreads();

    @AfterEach
    void finish() {
        threads.finish(() -> {});
    }

    @Test
    void everyTaskRunsAndEverySignalIsEmitted() {
        Race.repeat(Tries.of(1_000), race -> {
            Queue<CompletableFuture<Void>> ends = new ConcurrentLinkedQueue<>();
            Race.Action task = () -> {
                CompletableFuture<Void> end = new CompletableFuture<>();
                ends.add(end);
                // Its signal goes out as another of the session's is emitted, or as the speaker goes to rest.
                assertThat(threads.execute(() -> threads.emit(() -> end.complete(null))))
                        .isTrue();
            };
            race.run(SPREAD, task, task);
            for (CompletableFuture<Void> end : ends) {
                assertThat(end).succeedsWithin(Database.WAIT);
            }
        });
    }
}
