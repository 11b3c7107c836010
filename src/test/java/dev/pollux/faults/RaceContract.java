package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.AbortError;
import dev.pollux.Config;
import dev.pollux.LeaseLostException;
import dev.pollux.LibsqlStorage;
import dev.pollux.NewTask;
import dev.pollux.Outcome;
import dev.pollux.StorageListener;
import dev.pollux.Task;
import dev.pollux.TaskId;
import dev.pollux.TaskStatus;
import dev.pollux.Worker;
import dev.pollux.testing.Race;
import dev.pollux.testing.TestDatabase;
import io.r2dbc.spi.ConnectionFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Things that may happen to a task at the same moment, moved against each other at random: one of them wins, the other is
 * told so, and nothing is left behind.
 */
abstract class RaceContract {

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int POLLERS = 64;
    private static final Duration NEVER = Duration.ofHours(1);

    private TestDatabase database = TestDatabase.at("r2dbc:libsql:mem:///unused");
    private ConnectionFactory factory = database.factory();
    private final AtomicInteger workers = new AtomicInteger();
    private int tasks;

    abstract Target target();

    @BeforeEach
    void setUp() {
        database = target().emptyDatabase();
        factory = database.factory();
        storage(factory, Config.builder("setup")).setup().block(PATIENCE);
        Audit.begin(database);
    }

    private static LibsqlStorage<Integer> storage(ConnectionFactory factory, Config.Builder config) {
        return LibsqlStorage.create(factory, Integer.class, config.build());
    }

    private static Config.Builder config(Race race, StorageListener listener) {
        return Config.builder("round" + race.round())
                .keepAlive(NEVER)
                .reenqueueOrphanedAfter(NEVER.multipliedBy(2))
                .pollInterval(Duration.ofMillis(20))
                .listener(listener);
    }

    /** Beats in half of the rounds all the time: no beat may give back what its worker holds. */
    private static Config.Builder beatingOrNot(Race race, StorageListener listener) {
        return config(race, listener)
                .keepAlive(
                        race.random().nextBoolean()
                                ? NEVER
                                : Duration.ofMillis(1 + race.random().nextInt(5)));
    }

    private Worker worker() {
        workers.incrementAndGet();
        return Worker.named("worker");
    }

    private List<TaskId> push(LibsqlStorage<Integer> storage, int many, int maxAttempts) {
        List<NewTask<Integer>> added = Stream.generate(
                        () -> NewTask.of(tasks++).id(TaskId.next()).maxAttempts(maxAttempts))
                .limit(many)
                .toList();
        storage.pushAllTasks(Flux.fromIterable(added)).block(PATIENCE);
        return added.stream().map(NewTask::id).toList();
    }

    private static Map<TaskId, Task<Integer>> rows(LibsqlStorage<Integer> storage, List<TaskId> ids) {
        return Flux.fromIterable(ids)
                .flatMap(storage::fetchById, 256)
                .collectMap(Task::id)
                .blockOptional(PATIENCE)
                .orElseThrow();
    }

    private static <V> V of(Map<TaskId, V> map, TaskId id) {
        return Objects.requireNonNull(map.get(id), () -> "nothing of " + id);
    }

    /** Subscribes now; true if it succeeds, false if the lease is lost. */
    private static CompletableFuture<Boolean> wins(Mono<?> step) {
        return step.thenReturn(true)
                .onErrorReturn(LeaseLostException.class, false)
                .toFuture();
    }

    private static void assertReleased(Task<Integer> row) {
        assertThat(row.status()).isEqualTo(TaskStatus.PENDING);
        assertThat(row.attempts()).isZero();
        assertThat(row.context().lockBy()).isNull();
    }

    private void report(String race, int rounds, List<String> wrong) {
        List<String> all = new ArrayList<>(wrong);
        all.addAll(Audit.illegalSteps(database));
        database.sql(
                        "SELECT task, count(*) FROM Audit WHERE status_before NOT IN ('Queued', 'Running') AND status NOT IN ('Queued', 'Running')"
                                + " GROUP BY 1")
                .forEach(row -> all.add("changed without a lease: " + row));
        int lost = tasks - (int) database.number("SELECT count(*) FROM Jobs");
        if (database.number("SELECT count(*) FROM Workers") > 0) {
            all.add("workers left behind");
        }
        Report.add("8 " + race + ", " + target().name(), rounds, new Verdict(tasks, lost, 0, all));
    }

    // ---- cancel

    /**
     * What was emitted is acknowledged, given back, or left to the drain; all the rest goes back at once. After that,
     * each row is as its own outcome says.
     */
    private final class Emission {
        private final LibsqlStorage<Integer> storage;
        private final boolean drains;
        private final Random random;
        private final List<TaskId> ids;
        private final Taker taker;
        private final Map<TaskId, CompletableFuture<Boolean>> acks = new ConcurrentHashMap<>();
        private final Queue<Task<Integer>> undecided = new ConcurrentLinkedQueue<>();
        private final Queue<CompletableFuture<Boolean>> releases = new ConcurrentLinkedQueue<>();
        private volatile boolean deciding;

        Emission(Race race, Stops stops, long atFirst) {
            random = new Random(race.random().nextLong());
            drains = random.nextBoolean();
            storage = storage(
                    factory,
                    beatingOrNot(race, stops)
                            .bufferSize(1 + random.nextInt(8))
                            .drainTime(drains ? PATIENCE : Duration.ZERO));
            ids = push(storage, 1 + random.nextInt(12), 25);
            taker = new Taker(atFirst, this::take);
        }

        Taker taker() {
            return taker;
        }

        int pushed() {
            return ids.size();
        }

        void subscribe() {
            Flux<Task<Integer>> poll = storage.poll(worker());
            Locking.any(random).behind(poll, storage).subscribe(taker);
        }

        private void take(Task<Integer> task) {
            if (random.nextBoolean()) {
                acks.put(task.id(), wins(storage.ackDone(task, "done")));
            } else if (drains) {
                undecided.add(task);
                decide();
            }
        }

        /** What nobody acknowledges goes back, or the drain would last. The last task may still be on its way to the taker. */
        private void decide() {
            for (Task<Integer> task = deciding ? undecided.poll() : null; task != null; task = undecided.poll()) {
                releases.add(wins(storage.release(task)));
            }
        }

        void check(Stops stops) throws Exception {
            deciding = true;
            decide();
            stops.await(1);
            for (CompletableFuture<Boolean> released : releases) {
                assertThat(released).succeedsWithin(PATIENCE).isEqualTo(true);
            }
            Map<TaskId, Task<Integer>> rows = rows(storage, ids);
            for (TaskId id : ids) {
                CompletableFuture<Boolean> acked = acks.get(id);
                Task<Integer> row = of(rows, id);
                if (acked != null) {
                    assertThat(acked).succeedsWithin(PATIENCE);
                }
                if (acked != null && acked.get()) {
                    assertThat(row.status()).isEqualTo(TaskStatus.DONE);
                    assertThat(row.attempts()).isZero();
                } else {
                    assertThat(acked == null || !drains)
                            .as("acknowledged in time")
                            .isTrue();
                    assertReleased(row);
                }
            }
            assertThat(taker.broken()).isEmpty();
        }
    }

    @Test
    void aCancelAgainstAnEmission() {
        int rounds = target().rounds(80, 5_000);
        Stops stops = new Stops();
        Race.repeat(rounds, race -> {
            Emission emission = new Emission(race, stops, 1);
            Taker taker = emission.taker();
            if (race.random().nextInt(4) == 0) {
                taker.stopAt(1 + race.random().nextInt(emission.pushed()));
            }
            emission.subscribe();
            taker.await(1);
            // Now the buffer is full or its first fetch is all there is.
            race.run(target().turn(), () -> taker.ask(emission.pushed()), taker::stop);
            emission.check(stops);
        });
        report("cancel against emit", rounds, stops.wrong(workers.get()));
    }

    @Test
    void aCancelAgainstAFetchInFlight() {
        int rounds = target().rounds(80, 5_000);
        Stops stops = new Stops();
        Race.repeat(rounds, race -> {
            Emission emission = new Emission(race, stops, 1 + race.random().nextInt(8));
            // From the registration of the worker to the second fetch.
            race.run(target().turn().multipliedBy(6), emission::subscribe, emission.taker()::stop);
            emission.check(stops);
        });
        report("cancel against fetch in flight", rounds, stops.wrong(workers.get()));
    }

    /** All pipelines end by such a cancel: the handlers that run are cancelled, and what nobody runs goes back. */
    @Test
    void aCancelAgainstARunningPipeline() {
        int rounds = target().rounds(40, 3_000);
        Stops stops = new Stops();
        Race.repeat(rounds, race -> {
            Random random = race.random();
            // A task that flatMap was given just when it was cancelled has no handler: only the drain releases it.
            LibsqlStorage<Integer> storage = storage(
                    factory,
                    beatingOrNot(race, stops).bufferSize(1 + random.nextInt(8)).drainTime(Duration.ofMillis(200)));
            List<TaskId> ids = push(storage, 1 + random.nextInt(30), 25);
            Map<TaskId, Integer> runs = new ConcurrentHashMap<>();
            Queue<TaskId> outcomes = new ConcurrentLinkedQueue<>();
            Disposable.Swap pipeline = Disposables.swap();
            boolean slow = random.nextBoolean();
            int concurrency = 1 + random.nextInt(16);
            Flux<TaskId> work = Locking.some(random)
                    .behind(storage.poll(worker()), storage)
                    .flatMap(
                            storage.ack(task -> {
                                runs.merge(task.id(), 1, Integer::sum);
                                return slow ? Mono.delay(Duration.ofMillis(1)) : Mono.just(1L);
                            }),
                            concurrency)
                    .map(Outcome::id);

            race.run(
                    target().turn().multipliedBy(12),
                    () -> pipeline.update(work.subscribe(outcomes::add)),
                    pipeline::dispose);

            pipeline.dispose();
            stops.await(1);
            Map<TaskId, Task<Integer>> rows = rows(storage, ids);
            for (TaskId id : ids) {
                Task<Integer> row = of(rows, id);
                if (row.status() == TaskStatus.DONE) {
                    assertThat(row.attempts()).isZero();
                    assertThat(runs).containsEntry(id, 1);
                } else {
                    assertReleased(row);
                    assertThat(outcomes).doesNotContain(id);
                    assertThat(runs.getOrDefault(id, 0)).isLessThanOrEqualTo(1);
                }
            }
        });
        report("cancel against a pipeline at work", rounds, stops.wrong(workers.get()));
    }

    // ---- demand

    @Test
    void requestsOfSeveralThreadsAgainstEmissions() {
        int rounds = target().rounds(30, 3_000);
        Stops stops = new Stops();
        Race.repeat(rounds, race -> {
            Random random = race.random();
            int[] asks = random.ints(4, 1, 6).toArray();
            LibsqlStorage<Integer> storage = storage(
                    factory,
                    beatingOrNot(race, stops).bufferSize(1 + random.nextInt(8)).drainTime(Duration.ZERO));
            int wanted = 2 * IntStream.of(asks).sum();
            List<TaskId> ids = push(storage, wanted + 5, 25);
            Taker taker = new Taker(0, task -> {});
            Flux<Task<Integer>> poll = storage.poll(worker());
            Locking.any(random).behind(poll, storage).subscribe(taker);

            race.run(
                    target().turn(),
                    IntStream.of(asks)
                            .<Race.Action>mapToObj(many -> () -> {
                                taker.ask(many);
                                taker.ask(many);
                            })
                            .toArray(Race.Action[]::new));

            taker.await(wanted);
            taker.stop();
            stops.await(1);
            assertThat(taker.taken()).hasSize(wanted);
            assertThat(taker.broken()).isEmpty();
            rows(storage, ids).values().forEach(RaceContract::assertReleased);
        });
        report("request against emit and request", rounds, stops.wrong(workers.get()));
    }

    // ---- one lease, several who end it

    /** What may end a lease, and what the row is when it has. */
    private enum Ending {
        DONE(TaskStatus.DONE, 0) {
            @Override
            Mono<?> of(LibsqlStorage<Integer> storage, Task<Integer> task) {
                return storage.ackDone(task, "this");
            }
        },
        KILLED(TaskStatus.KILLED, 1) {
            @Override
            Mono<?> of(LibsqlStorage<Integer> storage, Task<Integer> task) {
                return storage.ackFailed(task, new AbortError("this"));
            }
        },
        FAILED(TaskStatus.FAILED, 1) {
            @Override
            Mono<?> of(LibsqlStorage<Integer> storage, Task<Integer> task) {
                return storage.ackFailed(task, new IllegalStateException("this"));
            }
        },
        RELEASED(TaskStatus.PENDING, 0) {
            @Override
            Mono<?> of(LibsqlStorage<Integer> storage, Task<Integer> task) {
                return storage.release(task);
            }
        };

        private final TaskStatus status;
        private final int counted;

        Ending(TaskStatus status, int counted) {
            this.status = status;
            this.counted = counted;
        }

        abstract Mono<?> of(LibsqlStorage<Integer> storage, Task<Integer> task);

        static Ending any(Random random) {
            return values()[random.nextInt(values().length)];
        }

        void assertEnded(Task<Integer> row, int maxAttempts) {
            TaskStatus expected = this == FAILED && row.attempts() >= maxAttempts ? TaskStatus.KILLED : status;
            assertThat(row.status()).isEqualTo(expected);
            assertThat(row.attempts()).isEqualTo(counted);
            assertThat(String.valueOf(row.context().lastError())).doesNotContain("orphaned");
        }
    }

    /** Another storage on the same database: on the same lane, or on one of its own as another process has. */
    private LibsqlStorage<Integer> other(Race race, StorageListener listener) {
        return storage(race.random().nextBoolean() ? factory : database.anotherFactory(), config(race, listener));
    }

    private List<Task<Integer>> leased(LibsqlStorage<Integer> storage, int many) {
        return storage.poll(worker())
                .take(many)
                .collectList()
                .blockOptional(PATIENCE)
                .orElseThrow();
    }

    @Test
    void anAckAgainstASweep() {
        int rounds = target().rounds(25, 3_000);
        Stops stops = new Stops();
        Race.repeat(rounds, race -> {
            Random random = race.random();
            int many = 1 + random.nextInt(40);
            int maxAttempts = random.nextBoolean() ? 1 : 25;
            LibsqlStorage<Integer> storage =
                    storage(factory, config(race, stops).bufferSize(many).drainTime(PATIENCE));
            LibsqlStorage<Integer> sweeper = other(race, stops);
            List<TaskId> ids = push(storage, many, maxAttempts);
            List<Task<Integer>> leased = leased(storage, many);
            // Each another one: those of one kind share a statement.
            Map<TaskId, Ending> endings = new HashMap<>();
            Ending first = Ending.any(random);
            boolean mixed = random.nextBoolean();
            leased.forEach(task -> endings.put(task.id(), mixed ? Ending.any(random) : first));
            Map<TaskId, CompletableFuture<Boolean>> wins = new ConcurrentHashMap<>();
            CompletableFuture<Long> swept = new CompletableFuture<>();
            database.sql("UPDATE Workers SET last_seen = 0");

            race.run(
                    target().turn(),
                    () -> leased.forEach(task ->
                            wins.put(task.id(), wins(of(endings, task.id()).of(storage, task)))),
                    () -> swept.complete(
                            sweeper.reenqueueOrphaned().blockOptional(PATIENCE).orElseThrow()));

            CompletableFuture.allOf(wins.values().toArray(CompletableFuture<?>[]::new))
                    .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    .join();
            Map<TaskId, Task<Integer>> rows = rows(storage, ids);
            long lost = 0;
            for (TaskId id : ids) {
                Task<Integer> row = of(rows, id);
                if (of(wins, id).join()) {
                    of(endings, id).assertEnded(row, maxAttempts);
                } else {
                    lost++;
                    assertThat(row.status()).isEqualTo(maxAttempts == 1 ? TaskStatus.KILLED : TaskStatus.PENDING);
                    assertThat(row.attempts()).isEqualTo(1);
                    assertThat(row.context().lockBy()).isNull();
                    assertThat(row.context().lastError()).contains("orphaned");
                }
            }
            assertThat(swept).isCompletedWithValue(lost);
            stops.await(1);
        });
        assertEachLeaseEndedOnce();
        report("ack against sweep", rounds, stops.wrong(workers.get()));
    }

    @Test
    void twoEndsOfOneLease() {
        int rounds = target().rounds(30, 3_000);
        Stops stops = new Stops();
        Race.repeat(rounds, race -> {
            Random random = race.random();
            int many = 1 + random.nextInt(40);
            LibsqlStorage<Integer> storage =
                    storage(factory, config(race, stops).bufferSize(many).drainTime(PATIENCE));
            LibsqlStorage<Integer> other = random.nextBoolean() ? storage : other(race, stops);
            List<TaskId> ids = push(storage, many, 25);
            List<Task<Integer>> leased = leased(storage, many);
            Ending one = Ending.any(random);
            Ending another = random.nextBoolean() ? one : Ending.any(random);
            Map<TaskId, CompletableFuture<Boolean>> ones = new ConcurrentHashMap<>();
            Map<TaskId, CompletableFuture<Boolean>> others = new ConcurrentHashMap<>();

            race.run(
                    target().turn(),
                    () -> leased.forEach(task -> ones.put(task.id(), wins(one.of(storage, task)))),
                    () -> leased.forEach(task -> others.put(task.id(), wins(another.of(other, task)))));

            Map<TaskId, Boolean> firsts = new HashMap<>();
            for (TaskId id : ids) {
                assertThat(of(ones, id)).succeedsWithin(PATIENCE);
                assertThat(of(others, id)).succeedsWithin(PATIENCE);
                assertThat(List.of(of(ones, id).join(), of(others, id).join()))
                        .as("who won: %s, %s", one, another)
                        .containsExactlyInAnyOrder(true, false);
                firsts.put(id, of(ones, id).join());
            }
            Map<TaskId, Task<Integer>> rows = rows(storage, ids);
            ids.forEach(id -> (of(firsts, id) ? one : another).assertEnded(of(rows, id), 25));
            stops.await(1);
        });
        assertEachLeaseEndedOnce();
        report("ack against ack", rounds, stops.wrong(workers.get()));
    }

    private void assertEachLeaseEndedOnce() {
        assertThat(database.sql("SELECT task, group_concat(status) FROM Audit WHERE status NOT IN ('Queued', 'Running')"
                        + " GROUP BY task HAVING count(*) <> 1"))
                .isEmpty();
        assertThat(database.number("SELECT count(DISTINCT task) FROM Audit")).isEqualTo(tasks);
    }

    // ---- many workers

    /** Workers come and go, and give tasks back before they take them again: a task is never in two hands at once. */
    @Test
    void fetchesOfManyWorkersAgainstReleases() {
        int rounds = target().rounds(5, 300);
        Stops stops = new Stops();
        Race.repeat(rounds, race -> {
            int many = 40;
            Config.Builder config = beatingOrNot(race, stops)
                    .bufferSize(1 + race.random().nextInt(8))
                    .drainTime(PATIENCE);
            LibsqlStorage<Integer> storage = storage(factory, config);
            List<LibsqlStorage<Integer>> storages =
                    List.of(storage, storage, storage(factory, config), storage(database.anotherFactory(), config));
            Hands hands = new Hands(many);
            int before = workers.get();
            List<TaskId> ids = push(storage, many, 25);
            Queue<CompletableFuture<Void>> ends = new ConcurrentLinkedQueue<>();

            race.run(
                    target().turn(),
                    storages.stream()
                            .<Race.Action>map(mine -> {
                                Random random = new Random(race.random().nextLong());
                                return () -> ends.add(work(mine, hands, random).toFuture());
                            })
                            .toArray(Race.Action[]::new));

            for (CompletableFuture<Void> end : ends) {
                assertThat(end).succeedsWithin(PATIENCE);
            }
            stops.await(workers.get() - before);
            assertThat(hands.wrong).isEmpty();
            assertThat(rows(storage, ids).values()).allSatisfy(row -> {
                assertThat(row.status()).isEqualTo(TaskStatus.DONE);
                assertThat(row.attempts()).isZero();
            });
        });
        report("fetch by many workers against release", rounds, stops.wrong(workers.get()));
    }

    /** Who has which task. */
    private static final class Hands {
        private final ConcurrentMap<TaskId, String> holders = new ConcurrentHashMap<>();
        private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
        private final AtomicInteger left;
        private final Sinks.Empty<Void> done = Sinks.empty();

        Hands(int tasks) {
            left = new AtomicInteger(tasks);
        }

        void take(Task<Integer> task) {
            String mine = String.valueOf(task.context().lockBy());
            String other = holders.put(task.id(), mine);
            if (other != null) {
                wrong.add(task.id() + " is in the hands of " + other + " and " + mine);
            }
        }

        void leave(Task<Integer> task) {
            holders.remove(task.id());
        }

        void acknowledged() {
            if (left.decrementAndGet() == 0) {
                done.tryEmitEmpty().orThrow();
            }
        }
    }

    private Mono<Void> work(LibsqlStorage<Integer> storage, Hands hands, Random random) {
        Flux<Task<Integer>> some = Flux.defer(() -> storage.poll(worker()).take(1 + random.nextInt(5)))
                .repeat()
                .takeUntilOther(hands.done.asMono());
        return (random.nextBoolean() ? some : some.transform(storage.lock()))
                .flatMap(
                        task -> {
                            hands.take(task);
                            boolean back = random.nextInt(3) > 0;
                            return Mono.delay(Duration.ofMillis(random.nextInt(2)))
                                    .then(Mono.defer(() -> {
                                        hands.leave(task);
                                        return back
                                                ? storage.release(task)
                                                : storage.ackDone(task, "done").doOnNext(end -> hands.acknowledged());
                                    }));
                        },
                        4)
                .then();
    }

    /** As in a herd that a push wakes: all fetch, and one gets it. */
    @Test
    void sixtyFourPollersOfOneTaskRunItOnce() {
        herd("64 pollers of one storage on 1 task", i -> factory, 1);
    }

    /** As in so many processes. */
    @Test
    void sixtyFourPollersOfEightLanesRunATaskOnce() {
        List<ConnectionFactory> lanes =
                Stream.generate(database::anotherFactory).limit(8).toList();
        herd("64 pollers of 8 connection factories on 1 task", lanes::get, 8);
    }

    private void herd(String name, IntFunction<ConnectionFactory> lanes, int many) {
        int rounds = target().rounds(15, 2_000);
        Stops stops = new Stops();
        Map<TaskId, Integer> runs = new ConcurrentHashMap<>();
        Semaphore ended = new Semaphore(0);
        Disposable.Composite pollers = Disposables.composite();
        Config.Builder config = Config.builder("herd")
                .pollInterval(Duration.ofMillis(50))
                .drainTime(Duration.ZERO)
                .listener(stops);
        List<LibsqlStorage<Integer>> storages = IntStream.range(0, many)
                .mapToObj(i -> storage(lanes.apply(i), config))
                .toList();
        for (int i = 0; i < POLLERS; i++) {
            LibsqlStorage<Integer> mine = storages.get(i % many);
            pollers.add((i % 2 == 0 ? Locking.IN_THE_FETCH : Locking.BY_ITSELF)
                    .behind(mine.poll(worker()), mine)
                    .flatMap(mine.ack(task -> Mono.fromRunnable(() -> runs.merge(task.id(), 1, Integer::sum))))
                    .subscribe(outcome -> ended.release()));
        }
        Set<TaskId> pushed = new HashSet<>();
        Race.repeat(rounds, race -> {
            LibsqlStorage<Integer> pusher = storages.get(race.random().nextInt(many));
            pushed.addAll(push(pusher, 1, 25));
            assertThat(ended.tryAcquire(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        });
        pollers.dispose();
        Race.repeat(1, race -> stops.await(POLLERS));
        assertThat(runs.keySet()).isEqualTo(pushed);
        assertThat(runs.values()).containsOnly(1);
        assertThat(database.sql("SELECT status, sum(attempts), count(*) FROM Jobs GROUP BY 1"))
                .containsExactly(List.of("Done", 0L, (long) rounds));
        report(name, rounds, stops.wrong(POLLERS));
    }
}
