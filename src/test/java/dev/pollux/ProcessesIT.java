package dev.pollux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import dev.pollux.testing.WorkerProcess;
import io.r2dbc.spi.ConnectionFactories;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
            share("r2dbc:libsql://127.0.0.1:" + sqld.port() + "?tls=0", 3);
        }
    }

    private static void share(String url, int processes) throws Exception {
        LibsqlStorage<Integer> storage =
                LibsqlStorage.create(ConnectionFactories.get(url), Integer.class, Config.of("load"));
        storage.setup().block(PATIENCE);
        List<Process> workers = new ArrayList<>();
        try {
            for (int i = 0; i < processes; i++) {
                workers.add(startWorker(url));
            }
            // Pushed while they work, so that they meet each other and the pushes.
            Mono<Void> pushed = storage.pushAll(Flux.range(0, TASKS)).subscribeOn(Schedulers.boundedElastic());
            AtomicInteger runs = new AtomicInteger();
            // Read to the end: a run too many may come after the last task is done.
            Flux<String> done = Flux.merge(
                            workers.stream().map(ProcessesIT::lines).toList())
                    .filter(line -> line.startsWith("done "))
                    .doOnNext(line -> {
                        if (runs.incrementAndGet() == TASKS) {
                            workers.forEach(ProcessesIT::tellToStop);
                        }
                    });
            List<String> ids = Flux.merge(done, pushed.thenMany(Flux.<String>empty()))
                    .collectList()
                    .blockOptional(PATIENCE)
                    .orElseThrow();
            for (Process worker : workers) {
                assertThat(worker.waitFor(60, TimeUnit.SECONDS)).isTrue();
                assertThat(worker.exitValue()).isZero();
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
            workers.forEach(Process::destroyForcibly);
        }
    }

    private static Process startWorker(String url) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        WorkerProcess.class.getName(),
                        url,
                        "200")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static void tellToStop(Process worker) {
        try {
            worker.getOutputStream().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Flux<String> lines(Process process) {
        BufferedReader reader = process.inputReader();
        return Flux.fromStream(reader.lines()).subscribeOn(Schedulers.boundedElastic());
    }
}
