package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.Config;
import dev.pollux.LeaseLostException;
import dev.pollux.LibsqlStorage;
import dev.pollux.StorageEvent;
import dev.pollux.Task;
import dev.pollux.Worker;
import dev.pollux.testing.PlainDatabase;
import dev.pollux.testing.Race;
import dev.pollux.testing.ShuffledScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Two polls of a queue that are asked, cancelled, beaten for and acknowledged in an order that a seed chooses, step by
 * step, in virtual time and with the queue's own SQL: whatever the order, no lease is left behind and no task is in two
 * hands.
 */
class ShuffledRaceTest {

    private static final int POLLS = 2;
    private static final int MOST_STEPS = 20_000;

    @AfterEach
    void giveSchedulersBack() {
        Schedulers.resetFactory();
    }

    @Test
    void everyOrderEndsWithoutALease() {
        int orders = Scale.of(200, 20_000);
        List<Verdict> verdicts = new ArrayList<>();
        Race.repeat(orders, race -> {
            try (PlainDatabase database = new PlainDatabase()) {
                Verdict verdict = new Scene(race.random(), database).play();
                assertThat(verdict.text()).isEqualTo("held");
                verdicts.add(verdict);
            }
        });
        Report.add(
                "8 orders of two polls' steps",
                orders,
                verdicts.stream().reduce(Verdict::and).orElseThrow());
    }

    /** One order of things. */
    private static final class Scene {
        private final Random random;
        private final PlainDatabase database;
        private final ShuffledScheduler scheduler;
        private final Stops stops = new Stops();
        private final LibsqlStorage<Integer> storage;
        private final List<CompletableFuture<Boolean>> ends = new ArrayList<>();
        private final Map<String, String> hands = new HashMap<>();
        private final List<String> wrong = new ArrayList<>();
        private int acknowledged;
        private int inTwoHands;

        Scene(Random random, PlainDatabase database) {
            this.random = random;
            this.database = database;
            this.scheduler = ShuffledScheduler.install(random);
            Config config = Config.builder("queue")
                    .bufferSize(1 + random.nextInt(6))
                    .keepAlive(Duration.ofMillis(random.nextBoolean() ? 1 : 3_600_000))
                    .reenqueueOrphanedAfter(Duration.ofHours(2))
                    .pollInterval(Duration.ofMillis(10))
                    .drainTime(Duration.ofMinutes(1))
                    .listener(stops.and(this::check))
                    .build();
            this.storage = LibsqlStorage.create(database.factory(), Integer.class, config);
        }

        Verdict play() {
            await(storage.setup());
            int tasks = 1 + random.nextInt(8);
            await(storage.pushAll(Flux.range(0, tasks)));
            List<Taker> takers = new ArrayList<>();
            for (int i = 0; i < POLLS; i++) {
                Taker taker = new Taker(random.nextInt(3), this::take);
                takers.add(taker);
                Flux<Task<Integer>> poll = storage.poll(Worker.named("worker"));
                Flux<Task<Integer>> locked = Locking.any(random).behind(poll, storage);
                scheduler.someTime(() -> locked.subscribe(taker));
                for (int asks = random.nextInt(4); asks > 0; asks--) {
                    int many = 1 + random.nextInt(3);
                    scheduler.someTime(() -> taker.ask(many));
                }
                scheduler.someTime(() -> scheduler.someTime(taker::stop));
            }

            scheduler.runUntil(
                    () -> stops.times() >= POLLS && ends.stream().allMatch(CompletableFuture::isDone), MOST_STEPS);
            scheduler.end();

            assertThat(stops.wrong(POLLS)).isEmpty();
            takers.forEach(taker -> assertThat(taker.broken()).isEmpty());
            assertThat(ends).allMatch(CompletableFuture::join, "whoever has a task can end its lease");
            int done = count("Jobs WHERE status = 'Done' AND attempts = 0");
            int waiting = count("Jobs WHERE status = 'Pending' AND attempts = 0 AND lock_by IS NULL");
            assertThat(done).isEqualTo(acknowledged);
            assertThat(database.sql("SELECT id FROM Workers")).isEmpty();
            return new Verdict(tasks, tasks - done - waiting, inTwoHands, wrong);
        }

        private int count(String what) {
            Object count = database.sql("SELECT count(*) FROM " + what).get(0).get(0);
            return ((Number) Objects.requireNonNull(count)).intValue();
        }

        /** When a worker's end is told, nothing is left of it. */
        private void check(StorageEvent event) {
            if (event instanceof StorageEvent.WorkerStopped stopped
                    && !database.sql("SELECT id FROM Workers WHERE id = '" + stopped.worker()
                                    + "' UNION ALL SELECT id FROM Jobs" + " WHERE lock_by = '" + stopped.worker()
                                    + "' AND status IN ('Queued', 'Running')")
                            .isEmpty()) {
                wrong.add("left behind at " + stopped);
            }
        }

        private void await(Mono<Void> step) {
            CompletableFuture<Void> end = step.toFuture();
            scheduler.runUntil(end::isDone, MOST_STEPS);
            end.join();
        }

        /** Acknowledges or gives back, some time later. */
        private void take(Task<Integer> task) {
            String id = task.id().value();
            String mine = String.valueOf(task.context().lockBy());
            String other = hands.put(id, mine);
            if (other != null) {
                inTwoHands++;
                wrong.add(id + " is in the hands of " + other + " and " + mine);
            }
            CompletableFuture<Boolean> end = new CompletableFuture<>();
            ends.add(end);
            boolean ack = random.nextBoolean();
            scheduler.someTime(() -> {
                hands.remove(id);
                (ack ? storage.ackDone(task, "done").doOnNext(done -> acknowledged++) : storage.release(task))
                        .thenReturn(true)
                        .onErrorReturn(LeaseLostException.class, false)
                        .subscribe(end::complete, end::completeExceptionally);
            });
        }
    }
}
