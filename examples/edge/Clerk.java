package edge;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.StorageEvent;
import dev.pollux.StorageListener;
import dev.pollux.Worker;
import io.r2dbc.spi.ConnectionFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Does the tasks of one queue, as the file at hand has them, until it is sent home. */
final class Clerk {

    private final Sinks.Empty<Void> sentHome = Sinks.empty();
    private final Sinks.One<StorageEvent> gone = Sinks.one();
    private final AtomicInteger done = new AtomicInteger();
    private final String name;
    private final LibsqlStorage<Order> queue;
    private final Function<Order, String> work;
    private final Flux<Integer> counts;
    private volatile boolean started;

    /**
     * @param file where it looks for tasks
     * @param work what it does with one; the text is the task's result
     */
    Clerk(String name, ConnectionFactory file, String queue, Function<Order, String> work) {
        this.name = name;
        this.queue = LibsqlStorage.create(
                file,
                Order.class,
                Config.builder(queue)
                        .listener(StorageListener.logging().and(this::hear))
                        .build());
        this.work = work;
        this.counts = work().replay(1).autoConnect();
    }

    private Flux<Integer> work() {
        return queue.poll(Worker.named(name))
                .transform(queue.lock())
                .takeUntilOther(sentHome.asMono())
                .concatMap(queue.ack(task -> Mono.fromSupplier(() -> work.apply(task.args()))), 0)
                .map(outcome -> done.incrementAndGet());
    }

    private void hear(StorageEvent event) {
        if (event instanceof StorageEvent.WorkerStopped) {
            gone.tryEmitValue(event);
        }
    }

    LibsqlStorage<Order> queue() {
        return queue;
    }

    /** Begins to work. */
    void start() {
        started = true;
        // Who waits for it hears of the error.
        counts.subscribe(count -> {}, error -> {});
    }

    /** How many tasks it has done so far. */
    int done() {
        return done.get();
    }

    /** Completes when it has done that many; fails if it cannot work any more. */
    Mono<Void> hasDone(int tasks) {
        return counts.filter(count -> count >= tasks).next().then();
    }

    /** Finishes what it has begun, gives the rest back, and completes when it has left. */
    Mono<Void> goHome() {
        return Mono.defer(() -> {
            sentHome.tryEmitEmpty();
            return started ? gone.asMono().then() : Mono.empty();
        });
    }
}
