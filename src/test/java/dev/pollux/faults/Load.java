package dev.pollux.faults;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.NewTask;
import dev.pollux.Outcome;
import dev.pollux.RetryPolicy;
import dev.pollux.StorageListener;
import dev.pollux.Task;
import dev.pollux.TaskId;
import dev.pollux.Worker;
import io.r2dbc.spi.ConnectionFactory;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * One process' part of a load: it pushes and works, and its ledger says what it did.
 *
 * @param storage the queue
 * @param ledger what it writes down
 */
record Load(LibsqlStorage<Work> storage, Ledger ledger) {

    static final String QUEUE = "load";
    static final Duration KEEP_ALIVE = Duration.ofMillis(500);
    static final Duration DRAIN_TIME = Duration.ofSeconds(10);
    static final Duration ORPHANED_AFTER = Duration.ofSeconds(2);

    private static final int MANY_TRIES = 1_000_000;
    private static final int IN_FLIGHT = 16;
    /** Of so many pushes, one is of a batch. */
    private static final int BATCHES = 10;

    private static final int BATCH = 20;
    private static final int EVERY = 20;

    /** A part on a database, whose leases run out soon. */
    static Load on(ConnectionFactory database, Ledger ledger, UnaryOperator<Config.Builder> settings) {
        Config.Builder config = Config.builder(QUEUE)
                .bufferSize(IN_FLIGHT)
                .pollInterval(Duration.ofMillis(100))
                .keepAlive(KEEP_ALIVE)
                .reenqueueOrphanedAfter(ORPHANED_AFTER)
                .maxAttempts(MANY_TRIES)
                .retryPolicy(RetryPolicy.fixed(Duration.ZERO))
                .drainTime(DRAIN_TIME)
                .listener(StorageListener.logging());
        return new Load(
                LibsqlStorage.create(
                        database, Work.class, settings.apply(config).build()),
                ledger);
    }

    /**
     * Pushes tasks from a number on, most one by one, every tenth a batch of them, in turn.
     *
     * @return emits how many tasks each completed push added; a push that fails adds nothing to it, and the next one is
     *     made
     */
    Flux<Integer> push(String producer, Flux<Long> numbers) {
        return numbers.flatMap(
                number -> {
                    int size = number % BATCHES == 0 ? BATCH : 1;
                    List<NewTask<Work>> tasks = LongStream.range(number * BATCH, number * BATCH + size)
                            .mapToObj(i -> NewTask.of(new Work(producer, i)).id(TaskId.next()))
                            .toList();
                    return push(tasks).thenReturn(size).onErrorComplete();
                },
                IN_FLIGHT);
    }

    /** The number of the i-th push, from 0, that is not of a batch. */
    static long single(long i) {
        return i + i / (BATCHES - 1) + 1;
    }

    private Mono<Void> push(List<NewTask<Work>> tasks) {
        List<TaskId> ids = tasks.stream().map(NewTask::id).toList();
        Mono<Void> push =
                tasks.size() == 1 ? storage.push(tasks.get(0)) : storage.pushAllTasks(Flux.fromIterable(tasks));
        return noted(() -> ledger.pushing(ids)).then(push).then(noted(() -> ledger.pushed(ids)));
    }

    /** Works for ever; every twentieth task fails at first. */
    Flux<Outcome<String>> work(String worker) {
        return work(worker, tasks -> tasks);
    }

    /**
     * Works until something ends the poll; what has reached its handler by then is handled to its end. Every other worker's
     * locks are part of its fetches.
     */
    Flux<Outcome<String>> work(String worker, UnaryOperator<Flux<Task<Work>>> untilSomething) {
        Flux<Task<Work>> poll = storage.poll(Worker.named(worker));
        Flux<Task<Work>> locked = worker.hashCode() % 2 == 0
                ? poll.transform(storage.lock()).transform(untilSomething)
                : poll.transform(untilSomething).transform(storage.lock());
        return locked.flatMap(storage.ack(this::runOrFail), IN_FLIGHT);
    }

    private Mono<String> runOrFail(Task<Work> task) {
        return run(task).doOnNext(run -> {
            long number = task.args().number();
            // Of tasks that come alone, number is a multiple of BATCH.
            if (task.attempt() == 1 && (number + number / BATCH) % EVERY == 7) {
                throw new IllegalStateException("fails on purpose in run " + run);
            }
        });
    }

    /** Notes that a handler begins; emits the run's id, which is its result. */
    Mono<String> run(Task<Work> task) {
        return Mono.fromCallable(() -> ledger.run(task)).subscribeOn(Schedulers.boundedElastic());
    }

    private static Mono<Void> noted(Runnable note) {
        return Mono.<Void>fromRunnable(note).subscribeOn(Schedulers.boundedElastic());
    }
}
