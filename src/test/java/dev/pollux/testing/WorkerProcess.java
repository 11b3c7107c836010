package dev.pollux.testing;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.StorageEvent;
import dev.pollux.Worker;
import io.r2dbc.spi.ConnectionFactories;
import java.io.IOException;
import java.time.Duration;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * A program that works on the queue {@code load} of a database until its standard input ends, and prints a line
 * {@code done <task id>} for each run of a task, and {@code bye} when it has given back what it did not finish.
 */
public final class WorkerProcess {

    private WorkerProcess() {}

    /** Takes the R2DBC URL and the buffer size. */
    public static void main(String[] arguments) throws IOException {
        Sinks.Empty<Void> stopped = Sinks.empty();
        Config config = Config.builder("load")
                .bufferSize(Integer.parseInt(arguments[1]))
                .drainTime(Duration.ofSeconds(20))
                .listener(event -> {
                    if (event instanceof StorageEvent.WorkerStopped) {
                        stopped.tryEmitEmpty().orThrow();
                    }
                })
                .build();
        LibsqlStorage<Integer> storage =
                LibsqlStorage.create(ConnectionFactories.get(arguments[0]), Integer.class, config);
        Sinks.Empty<Void> stop = Sinks.empty();
        storage.poll(Worker.named("process"))
                // Not by disposing: that would cancel a handler between its line and its end.
                .takeUntilOther(stop.asMono())
                .transform(storage.lock())
                .flatMap(storage.<String>ack(task -> Mono.fromRunnable(() -> print("done " + task.id()))), 256)
                .subscribe(outcome -> {}, error -> {
                    print("failed " + error);
                    System.exit(1);
                });
        while (System.in.read() >= 0) {
            // Until the parent closes it.
        }
        stop.tryEmitEmpty().orThrow();
        stopped.asMono().block(Duration.ofSeconds(30));
        print("bye");
        System.exit(0);
    }

    private static void print(String line) {
        synchronized (System.out) {
            System.out.println(line);
        }
    }
}
