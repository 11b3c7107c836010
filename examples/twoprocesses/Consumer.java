package twoprocesses;

import dev.pollux.LibsqlStorage;
import dev.pollux.StorageEvent;
import dev.pollux.StorageListener;
import dev.pollux.Task;
import dev.pollux.Worker;
import java.io.IOException;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Takes messages, and ends after as many as it was told to take, or when it is asked to (Ctrl-C, {@code kill}): then it
 * finishes what it has begun and gives the rest back.
 *
 * <pre>mvn -q exec:java -Dexec.mainClass=twoprocesses.Consumer [-Dexec.args="file messages"]</pre>
 */
public final class Consumer {

    private static final long ME = ProcessHandle.current().pid();

    private Consumer() {}

    /** Runs with an optional file and an optional number of messages. */
    public static void main(String[] args) throws IOException {
        SharedQueue queue = SharedQueue.of(args);
        Sinks.One<StorageEvent> stopped = Sinks.one();
        StorageListener listener = event -> {
            if (event instanceof StorageEvent.WorkerStopped) {
                stopped.tryEmitValue(event);
            }
        };
        LibsqlStorage<Message> storage = queue.storage(
                SharedQueue.config().listener(StorageListener.logging().and(listener)));

        Sinks.Empty<Void> end = Sinks.empty();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (end.tryEmitEmpty().isSuccess()) {
                stopped.asMono().block(storage.config().drainTime().plusSeconds(5));
            }
        }));

        System.out.println("Process " + ME + " waits for " + queue.messages() + " messages in " + queue.file());
        storage.setup()
                .thenMany(storage.poll(Worker.named("consumer")))
                .transform(storage.lock())
                .takeUntilOther(end.asMono())
                .concatMap(storage.ack(Consumer::print), 0)
                .take(queue.messages())
                .blockLast();

        // The end of the pipeline cancelled the poll. What it had leased and not printed is back in the queue when its
        // worker has stopped.
        stopped.asMono().block();
        if (end.tryEmitEmpty().isSuccess()) {
            System.out.println("Process " + ME + " took " + queue.messages() + " messages");
        }
    }

    private static Mono<Void> print(Task<Message> task) {
        return Mono.fromRunnable(() -> System.out.println("Process " + ME + " got message "
                + task.args().number() + " from process " + task.args().fromProcess()));
    }
}
