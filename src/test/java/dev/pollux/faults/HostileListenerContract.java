package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.NewTask;
import dev.pollux.StorageEvent;
import dev.pollux.StorageListener;
import dev.pollux.Task;
import dev.pollux.Worker;
import dev.pollux.testing.Events;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;

/** Listeners that throw, and listeners that call their storage. */
abstract class HostileListenerContract extends HostileCode {

    private static List<Supplier<Throwable>> thrownByListeners() {
        return List.of(
                () -> new IllegalStateException("on purpose"),
                () -> new IOException("on purpose"),
                () -> new AssertionError("on purpose"),
                () -> new OutOfMemoryError("on purpose"),
                () -> new NoClassDefFoundError("on purpose"),
                () -> Exceptions.errorCallbackNotImplemented(new IOException("on purpose")),
                () -> new HostileHandler.Unspeakable(() -> {
                    throw new IllegalStateException("no words");
                }));
    }

    /** At every kind of event there is, it throws; the queue does what it does otherwise, and the next listener is told. */
    @Test
    void aListenerThatThrowsIsLoggedAndHarmsNobody() throws Exception {
        int events = 0;
        Verdict all = new Verdict(0, 0, 0, List.of());
        for (Supplier<Throwable> error : thrownByListeners()) {
            database.sql("DELETE FROM Jobs; DELETE FROM Audit; DELETE FROM Workers");
            Events told = new Events();
            StorageListener hostile = event -> HostileHandler.sneak(error.get());
            everythingHappens(told, hostile.and(told));
            assertThat(told.flux()
                            .take(told.of(StorageEvent.class).size())
                            .map(Object::getClass)
                            .toIterable())
                    .containsAll(List.of(StorageEvent.class.getPermittedSubclasses()));
            all = all.and(verdict());
            events += told.of(StorageEvent.class).size();
        }
        assertThat(log.texts())
                .hasSizeGreaterThanOrEqualTo(events)
                .allMatch(text -> text.startsWith("a storage listener failed on"));
        Report.add("7 listeners that throw, " + target().name(), events, all);
    }

    /** Brings about every kind of event, and ends when all tasks have. */
    private void everythingHappens(Events told, StorageListener listener) {
        LibsqlStorage<Work> storage = LibsqlStorage.create(
                database.factory(),
                new HostileCodec(),
                Config.builder(Load.QUEUE)
                        .keepAlive(Load.KEEP_ALIVE)
                        .reenqueueOrphanedAfter(Load.ORPHANED_AFTER)
                        .drainTime(Duration.ZERO)
                        .retryPolicy((attempt, error) -> {
                            throw new IllegalStateException("so that there is a fault");
                        })
                        .listener(listener)
                        .build());
        for (String producer :
                List.of(HEALTHY, "orphaned", "reads null", "fails", "is lost", "no result", "hangs once")) {
            storage.push(NewTask.of(new Work(producer, 0)).maxAttempts(producer.equals("fails") ? 1 : 2))
                    .block(PATIENCE);
        }
        database.sql("UPDATE Jobs SET status = 'Running', lock_by = 'dead', lock_at = 1 WHERE " + isOf("orphaned")
                + "; DELETE FROM Audit");
        Function<Task<Work>, Publisher<Object>> handler = task -> {
            int run = countRun(task);
            return switch (task.args().producer()) {
                case "fails" -> Mono.error(new IllegalStateException("on purpose"));
                case "is lost" -> storage.ackDone(task, "by itself").cast(Object.class);
                case "no result" -> Mono.just(new Unwritable(Unwritable::deeper));
                case "hangs once" -> run == 1 ? Mono.never() : Mono.just("ok");
                default -> Mono.just("ok");
            };
        };
        Supplier<Disposable> work = () -> {
            Disposable pipeline = storage.poll(Worker.named("worker"))
                    .transform(storage.lock())
                    .flatMap(storage.<Object>ack(handler))
                    .subscribe();
            running.add(pipeline);
            return pipeline;
        };
        Disposable first = work.get();
        becomes("status IN ('Done', 'Killed')", 6);
        told.await(StorageEvent.LeaseLost.class);
        first.dispose();
        told.await(StorageEvent.WorkerStopped.class);
        Disposable second = work.get();
        becomes("status IN ('Done', 'Killed')", 7);
        second.dispose();
        told.flux().ofType(StorageEvent.WorkerStopped.class).take(2).blockLast(PATIENCE);
        assertNoLeaseIsLeft();
        assertThat(database.sql("SELECT status, count(*) FROM Jobs GROUP BY 1 ORDER BY 1"))
                .containsExactly(List.of("Done", 5L), List.of("Killed", 2L));
    }

    @Test
    void aListenerMayCallItsStorage() throws Exception {
        int tasks = Scale.of(50, 2_000);
        List<LibsqlStorage<Work>> itself = new CopyOnWriteArrayList<>();
        AtomicInteger blocked = new AtomicInteger();
        StorageListener caller = event -> {
            if (event instanceof StorageEvent.Acknowledged done) {
                LibsqlStorage<Work> storage = itself.get(0);
                storage.fetchById(done.task())
                        .filter(task -> task.args().producer().equals("first"))
                        .flatMap(task ->
                                storage.push(new Work("second", task.args().number())))
                        .subscribe();
                storage.reenqueueOrphaned().subscribe();
            } else if (event instanceof StorageEvent.Locked) {
                try {
                    itself.get(0).setup().block(PATIENCE);
                } catch (IllegalStateException e) {
                    // Reactor refuses to block here.
                    blocked.incrementAndGet();
                    throw e;
                }
            }
        };
        try (Ledger ledger = Ledger.open(folder, "listener")) {
            Load load = load(ledger, config -> config.listener(caller.and(events)));
            itself.add(load.storage());
            push(load, "first", 0, tasks);
            Disposable work = work(load, task -> {
                countRun(task);
                return Mono.just("ok");
            });

            becomes("status = 'Done' AND attempts = 0", 2L * tasks);

            work.dispose();
            awaitAllStopped();
            assertNoLeaseIsLeft();
            assertThat(blocked.get()).isEqualTo(2 * tasks);
            Report.add("7 listeners that call their storage, " + target().name(), 2L * tasks, verdict());
        }
    }
}
