package dev.pollux.bench;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.StorageEvent;
import dev.pollux.StorageListener;
import dev.pollux.Task;
import dev.pollux.Worker;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.util.function.Tuple2;

/**
 * Our queue in one database, used as an application uses it. A method blocks once, for all that it does; closing waits
 * for the workers.
 */
final class PolluxQueue implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final LibsqlStorage<Mail> storage;
    private final AtomicInteger workers = new AtomicInteger();
    private final Semaphore stopped = new Semaphore(0);

    /** A queue with the default settings. */
    PolluxQueue(String url) {
        this(url, builder -> builder);
    }

    PolluxQueue(String url, int bufferSize) {
        this(url, builder -> builder.bufferSize(bufferSize));
    }

    PolluxQueue(ConnectionFactory database, int bufferSize) {
        this(database, builder -> builder.bufferSize(bufferSize));
    }

    PolluxQueue(String url, UnaryOperator<Config.Builder> settings) {
        this(ConnectionFactories.get(url), settings);
    }

    private PolluxQueue(ConnectionFactory database, UnaryOperator<Config.Builder> settings) {
        Config.Builder builder = Config.builder("mail")
                .listener(StorageListener.logging().and(event -> {
                    if (event instanceof StorageEvent.WorkerStopped) {
                        stopped.release();
                    }
                }));
        storage = LibsqlStorage.create(
                database, Mail.class, settings.apply(builder).build());
        storage.setup().block(PATIENCE);
    }

    Mono<Void> push(Mail mail) {
        return storage.push(mail);
    }

    Flux<Task<Mail>> poll() {
        return counted(storage.poll(Worker.named("bench")));
    }

    /** Polls, locks, handles and acknowledges, so many tasks at a time. */
    Flux<?> work(int concurrency, Consumer<Mail> handler) {
        return counted(storage.poll(Worker.named("bench"))
                .transform(storage.lock())
                .flatMap(storage.ack(task -> Mono.fromRunnable(() -> handler.accept(task.args()))), concurrency));
    }

    private <T> Flux<T> counted(Flux<T> poll) {
        return poll.doOnSubscribe(subscription -> workers.incrementAndGet());
    }

    /** Pushes tasks, each when the one before it is committed; gives the time that each took. */
    Latencies pushOneByOne(int tasks) {
        Latencies latencies = new Latencies();
        Flux.range(0, tasks)
                .concatMap(i -> {
                    long start = System.nanoTime();
                    return storage.push(Mail.number(i)).doOnSuccess(done -> latencies.add(System.nanoTime() - start));
                })
                .blockLast(PATIENCE);
        return latencies;
    }

    /** Pushes tasks, so many at a time, each by a Mono of its own. */
    void push(int tasks, int inFlight) {
        Flux.range(0, tasks)
                .flatMap(i -> storage.push(Mail.number(i)), inFlight)
                .blockLast(PATIENCE);
    }

    void pushAll(int tasks) {
        storage.pushAll(Flux.range(0, tasks).map(Mail::number)).block(PATIENCE);
    }

    /** Works, with a handler that does nothing, until so many tasks are done. */
    void drain(int tasks, int concurrency) {
        Long done = work(concurrency, mail -> {}).take(tasks).count().block(PATIENCE);
        if (!Objects.equals(done, (long) tasks)) {
            throw new IllegalStateException("drained " + done + " instead of " + tasks);
        }
    }

    /** Pushes, so many at a time, and drains at once for some time; gives how many tasks were pushed and done. */
    long[] pushAndDrain(Duration time, int inFlight, int concurrency) {
        Mono<Long> pushed = Flux.range(0, Integer.MAX_VALUE)
                .takeUntilOther(Mono.delay(time))
                .flatMap(i -> storage.push(Mail.number(i % 10_000_000)).thenReturn(i), inFlight)
                .count()
                .subscribeOn(Schedulers.boundedElastic());
        Mono<Long> done =
                work(concurrency, mail -> {}).takeUntilOther(Mono.delay(time)).count();
        Tuple2<Long, Long> counts =
                Objects.requireNonNull(Mono.zip(pushed, done).block(time.plus(PATIENCE)));
        return new long[] {counts.getT1(), counts.getT2()};
    }

    /** Waits until the workers of all polls, which have ended, have left the database. */
    void awaitWorkers() {
        try {
            if (!stopped.tryAcquire(workers.getAndSet(0), PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException("a worker has not stopped within " + PATIENCE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    @Override
    public void close() {
        awaitWorkers();
    }
}
