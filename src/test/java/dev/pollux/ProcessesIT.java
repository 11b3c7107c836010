package dev.pollux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.ChildJvm;
import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import dev.pollux.testing.WorkerProcess;
import io.r2dbc.spi.ConnectionFactories;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Several JVMs share one database: every task is done, and none is run twice. */
class ProcessesIT {

    private static final int TASKS = 20_000;
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    @Test
    void twoJvmsShareOneFile(@TempDir Path folder) throws Exception {
        share("r2dbc:libsql:file://" + folder.resolve("queue.db"), 2);
    }

    @Test
    void threeJvmsShareOneServer() throws Exception {
        try (Sqld sqld = Sqld.start()) {
            share(sqld.r2dbcUrl(), 3);
        }
    }

    private static void share(String url, int processes) throws Exception {
        LibsqlStorage<Integer> storage =
                LibsqlStorage.create(ConnectionFactories.get(url), Integer.class, Config.of("load"));
        storage.setup().block(PATIENCE);
        List<ChildJvm> workers = new ArrayList<>();
        try {
            for (int i = 0; i < processes; i++) {
                workers.add(ChildJvm.startLight(WorkerProcess.class, url, "200"));
            }
            // Pushed while they work, so that they meet each other and the pushes.
            Mono<Void> pushed = storage.pushAll(Flux.range(0, TASKS)).subscribeOn(Schedulers.boundedElastic());
            AtomicInteger runs = new AtomicInteger();
            // Read to the end: a run too many may come after the last task is done.
            Flux<String> done = Flux.merge(workers.stream().map(ChildJvm::lines).toList())
                    .filter(line -> line.startsWith("done "))
                    .doOnNext(line -> {
                        if (runs.incrementAndGet() == TASKS) {
                            workers.forEach(ChildJvm::tellToStop);
                        }
                    });
            List<String> ids = Flux.merge(done, pushed.thenMany(Flux.<String>empty()))
                    .collectList()
                    .blockOptional(PATIENCE)
                    .orElseThrow();
            for (ChildJvm worker : workers) {
                assertThat(worker.awaitExit(60)).isZero();
            }

            assertThat(ids).hasSize(TASKS).doesNotHaveDuplicates();
            TestDatabase database = TestDatabase.at(url);
            assertThat(database.sql("SELECT status, sum(attempts), count(*) FROM Jobs GROUP BY status"))
                    .containsExactly(List.of("Done", 0L, (long) TASKS));
            assertThat(database.number("SELECT count(*) FROM Workers")).isZero();
            assertThat(database.number("SELECT count(DISTINCT lock_by) FROM Jobs"))
                    .as("workers that had a share")
                    .isEqualTo(processes);
        } finally {
            workers.forEach(ChildJvm::close);
        }
    }
}
