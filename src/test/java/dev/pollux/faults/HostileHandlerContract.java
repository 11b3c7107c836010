package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.NewTask;
import dev.pollux.StorageEvent;
import dev.pollux.Task;
import dev.pollux.TaskId;
import dev.pollux.Worker;
import dev.pollux.testing.Events;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Handlers that throw, hang, block, cancel or emit what they should not. */
abstract class HostileHandlerContract extends HostileCode {

    /** Pushes hostile handlers' tasks, each with a healthy one behind it. */
    private static void push(Load load, List<HostileHandler> handlers, int round) {
        List<NewTask<Work>> tasks = new ArrayList<>();
        for (HostileHandler handler : handlers) {
            tasks.add(NewTask.of(new Work(handler.name(), round))
                    .id(TaskId.next())
                    .maxAttempts(2));
            tasks.add(NewTask.of(new Work(HEALTHY, (long) round * 2 * handlers.size() + tasks.size()))
                    .id(TaskId.next())
                    .maxAttempts(2));
        }
        push(load, tasks);
    }

    /** Handles each task as the handler of its producer's name does; others are healthy. */
    private static Function<Task<Work>, Publisher<String>> as(Load load, List<HostileHandler> handlers) {
        Map<String, HostileHandler> byName =
                handlers.stream().collect(Collectors.toMap(HostileHandler::name, Function.identity()));
        return task -> {
            // An interruption that a handler left would close the ledger.
            boolean interrupted = Thread.interrupted();
            String run = load.ledger().run(task);
            HostileHandler handler = byName.get(task.args().producer());
            if (handler != null && handler.end() == HostileHandler.End.EMPTY) {
                load.ledger().empty(run);
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            return handler == null ? Mono.just(run) : handler.run(run);
        };
    }

    @Test
    void everyTaskOfAHostileHandlerEndsAsPromised() throws Exception {
        int rounds = Scale.of(1, 30);
        List<HostileHandler> handlers = HostileHandler.that(false);
        try (Ledger ledger = Ledger.open(folder, "ending")) {
            Load load = load(ledger, config -> config);
            for (int round = 0; round < rounds; round++) {
                push(load, handlers, round);
            }
            Disposable one = work(load, as(load, handlers));
            Disposable other = work(load, as(load, handlers));

            becomes("status IN ('Done', 'Killed')", 2L * rounds * handlers.size());

            one.dispose();
            other.dispose();
            awaitAllStopped();
            assertNoLeaseIsLeft();
            for (HostileHandler handler : handlers) {
                assertEnded(handler, rounds);
            }
            assertThat(database.sql(
                            "SELECT status, attempts, count(*) FROM Jobs WHERE " + isOf(HEALTHY) + " GROUP BY 1, 2"))
                    .containsExactly(List.of("Done", 0L, (long) rounds * handlers.size()));
            // Whatever a handler throws after its end is of no use to anybody, and is logged.
            for (HostileHandler handler : handlers) {
                if (handler.name().matches("(fails twice|.* after its end)")
                        && !handler.name().startsWith("emits")) {
                    assertThat(reactorLog.texts()).anyMatch(text -> text.contains("dropped: " + handler.name()));
                }
            }
            Report.add(
                    "7 hostile handlers, " + target().name(),
                    (long) rounds * handlers.size(),
                    Checker.check(database, folder));
        }
    }

    private void assertEnded(HostileHandler handler, int rounds) {
        List<List<Object>> ends = new ArrayList<>();
        for (List<?> row : database.sql("SELECT status, attempts, coalesce(last_error ->> 'Err', ''),"
                + " last_error = '{\"Ok\":null}' FROM Jobs WHERE "
                + isOf(handler.name()))) {
            ends.add(List.of(row.get(0), row.get(1)));
            assertThat(row.get(2).toString()).as(handler.name()).contains(handler.words());
            assertThat(row.get(3)).as(handler.name()).isEqualTo(handler.end() == HostileHandler.End.EMPTY ? 1L : 0L);
        }
        List<Object> end = switch (handler.end()) {
            case DONE, EMPTY -> List.of("Done", 0L);
            case FAILED -> List.of("Killed", 2L);
            case KILLED -> List.of("Killed", 1L);
            case HANGS -> throw new AssertionError("does not end: " + handler);
        };
        assertThat(ends).as(handler.name()).hasSize(rounds).containsOnly(end);
    }

    @Test
    void aHandlerThatHangsGivesItsLeaseBackWhenItIsCancelled() throws Exception {
        List<HostileHandler> handlers = HostileHandler.that(true);
        try (Ledger ledger = Ledger.open(folder, "hanging")) {
            // The leases do not wait for the drain time to be over.
            Load load = load(ledger, config -> config.drainTime(Duration.ofHours(1)));
            push(load, handlers, 0);
            Disposable work = work(load, as(load, handlers));
            becomes("status = 'Done'", handlers.size());
            becomes("status = 'Running'", handlers.size());

            work.dispose();

            becomes("status = 'Pending' AND attempts = 0 AND lock_by IS NULL", handlers.size());
            awaitAllStopped();
            assertNoLeaseIsLeft();
            for (HostileHandler handler : handlers) {
                if (handler.name().matches("(fails|throws).* when it is cancelled")) {
                    assertThat(reactorLog.texts()).anyMatch(text -> text.contains("dropped: " + handler.name()));
                }
            }
            runHealthily(load);
            Report.add(
                    "7 handlers that hang and are cancelled, " + target().name(),
                    handlers.size(),
                    Checker.checkWithReleases(database, folder));
        }
    }

    @Test
    void aHandlerThatHangsLosesItsLeaseWhenTheDrainTimeIsOver() throws Exception {
        List<HostileHandler> handlers = HostileHandler.that(true);
        Sinks.Empty<Void> stop = Sinks.empty();
        try (Ledger ledger = Ledger.open(folder, "draining")) {
            Load load = load(ledger, config -> config);
            push(load, handlers, 0);
            Disposable work = work(load, as(load, handlers), AT_ONCE, stop.asMono());
            becomes("status = 'Done'", handlers.size());

            stop.tryEmitEmpty().orThrow();

            awaitAllStopped();
            assertThat(events.of(StorageEvent.WorkerStopped.class).get(0).released())
                    .isEqualTo(handlers.size());
            becomes("status = 'Pending' AND attempts = 0 AND lock_by IS NULL", handlers.size());
            assertNoLeaseIsLeft();
            runHealthily(load);
            // The handlers still hang: what they do when they are cancelled is too late to change anything.
            work.dispose();
            Report.add(
                    "7 handlers that hang until the drain time is over, " + target().name(),
                    handlers.size(),
                    Checker.checkWithReleases(database, folder));
        }
    }

    /** Longer than leases live without a beat, while somebody else sweeps. */
    @Test
    void aHandlerThatBlocksItsThreadCostsNobodyALease() throws Exception {
        int rounds = Scale.of(1, 10);
        int workers = 4;
        int healthy = 50;
        Events others = new Events();
        LibsqlStorage<Work> sweeper = LibsqlStorage.create(
                database.anotherFactory(),
                Work.class,
                Config.builder(Load.QUEUE)
                        .keepAlive(Load.KEEP_ALIVE)
                        .reenqueueOrphanedAfter(Load.ORPHANED_AFTER)
                        .drainTime(Duration.ZERO)
                        .listener(others)
                        .build());
        // Without demand: it takes nothing, and sweeps.
        running.add(sweeper.poll(Worker.named("sweeper")).subscribeWith(new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {}
        }));
        try (Ledger ledger = Ledger.open(folder, "blocking")) {
            Load load = load(ledger, config -> config.bufferSize(4).drainTime(Duration.ofSeconds(20)));
            for (int round = 0; round < rounds; round++) {
                CountDownLatch blocked = new CountDownLatch(1);
                Sinks.Empty<Void> waits = Sinks.empty();
                Function<Task<Work>, Publisher<String>> handler = task -> {
                    String run = ledger.run(task);
                    switch (task.args().producer()) {
                        case "blocks" -> await(blocked);
                        case "waits" -> {
                            return waits.asMono().thenReturn(run);
                        }
                        default -> {}
                    }
                    return Mono.just(run);
                };
                Sinks.Empty<Void> stop = Sinks.empty();
                for (int worker = 0; worker < workers; worker++) {
                    work(load, handler, 2 * workers, stop.asMono());
                }
                push(load, "waits", round * workers, workers);
                becomes("status = 'Running' AND " + isOf("waits"), workers);
                push(load, "blocks", round, 1);
                becomes("status = 'Running' AND " + isOf("blocks"), 1);

                try {
                    long now = database.number("SELECT unixepoch()");
                    database.becomes("SELECT unixepoch() > " + (now + 2 * Load.ORPHANED_AFTER.toSeconds()), 1L, looks())
                            .block(PATIENCE);
                    // Of these, the worker that is blocked may have fetched some: those wait for it.
                    push(load, HEALTHY, round * healthy, healthy);
                    database.becomes(
                                    "SELECT count(*) >= " + (round * healthy + 10)
                                            + " FROM Jobs WHERE status = 'Done' AND " + isOf(HEALTHY),
                                    1L,
                                    looks())
                            .block(PATIENCE);
                } finally {
                    blocked.countDown();
                    waits.tryEmitEmpty().orThrow();
                }
                becomes("status = 'Done'", (long) (round + 1) * (workers + 1 + healthy));
                stop.tryEmitEmpty().orThrow();
                awaitAllStopped();
            }
            assertThat(others.of(StorageEvent.Orphaned.class)).isEmpty();
            Report.add(
                    "7 handlers that block their thread, " + target().name(), rounds, Checker.check(database, folder));
        }
    }

    @Test
    void aPollWhoseHandlerBlocksItsThreadStopsWhenItIsCancelled() throws Exception {
        int others = 20;
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch blocked = new CountDownLatch(1);
        try (Ledger ledger = Ledger.open(folder, "cancelled")) {
            Load load = load(ledger, config -> config.bufferSize(1 + others).drainTime(Duration.ofMillis(100)));
            push(load, "blocks", 0, 1);
            push(load, HEALTHY, 0, others);
            Disposable work = work(
                    load,
                    task -> {
                        String run = ledger.run(task);
                        begun.countDown();
                        await(blocked);
                        return Mono.just(run);
                    },
                    AT_ONCE,
                    Mono.never());
            try {
                await(begun);
                work.dispose();

                awaitAllStopped();
                becomes("status = 'Pending' AND attempts = 0 AND lock_by IS NULL", 1L + others);
                assertNoLeaseIsLeft();
            } finally {
                blocked.countDown();
            }
            runHealthily(load);
            Report.add(
                    "7 handlers that block their thread and are cancelled, " + target().name(),
                    1,
                    Checker.checkWithReleases(database, folder));
        }
    }
}
