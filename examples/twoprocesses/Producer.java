package twoprocesses;

import dev.pollux.LibsqlStorage;
import java.io.IOException;
import java.time.Duration;
import reactor.core.publisher.Flux;

/**
 * Pushes messages, one every 100 ms, whether a consumer runs or not.
 *
 * <pre>mvn -q exec:java -Dexec.mainClass=twoprocesses.Producer [-Dexec.args="file messages"]</pre>
 */
public final class Producer {

    private Producer() {}

    /** Runs with an optional file and an optional number of messages. */
    public static void main(String[] args) throws IOException {
        SharedQueue queue = SharedQueue.of(args);
        LibsqlStorage<Message> storage = queue.storage(SharedQueue.config());
        long me = ProcessHandle.current().pid();

        storage.setup()
                .thenMany(Flux.range(1, queue.messages()).delayElements(Duration.ofMillis(100)))
                .concatMap(number -> storage.push(new Message(number, me)).thenReturn(number))
                .doOnNext(number -> System.out.println("Process " + me + " pushed message " + number))
                .blockLast();
    }
}
