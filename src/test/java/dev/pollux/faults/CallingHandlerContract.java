package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.LibsqlStorage;
import dev.pollux.NewTask;
import dev.pollux.StorageEvent;
import dev.pollux.Task;
import dev.pollux.TaskId;
import dev.pollux.TaskStatus;
import dev.pollux.Worker;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Handlers that call their storage or stop their pipeline, and a pipeline that breaks. */
abstract class CallingHandlerContract extends HostileCode {

    private record Caller(String name, String end, long runs, Function<Call, Mono<?>> call) {}

    /** A task at work, and its storage. */
    private record Call(LibsqlStorage<Work> storage, Task<Work> task) {}

    private static List<Caller> callers() {
        return List.of(
                new Caller(
                        "looks for itself",
                        "Done",
                        1,
                        call -> call.storage()
                                .fetchById(call.task().id())
                                .doOnNext(task -> assertThat(task.status()).isEqualTo(TaskStatus.RUNNING))),
                new Caller(
                        "pushes a follower",
                        "Done",
                        1,
                        call -> call.storage()
                                .push(new Work(HEALTHY, call.task().args().number()))),
                new Caller(
                        "pushes itself again",
                        "Done",
                        1,
                        call -> call.storage()
                                .push(NewTask.of(call.task().args())
                                        .id(call.task().id()))),
                new Caller(
                        "locks itself again", "Done", 1, call -> call.storage().lock(call.task())),
                new Caller(
                        "sweeps and sets up",
                        "Done",
                        1,
                        call -> Mono.when(
                                call.storage().reenqueueOrphaned(),
                                call.storage().setup())),
                new Caller(
                        "polls",
                        "Done",
                        1,
                        call -> call.storage()
                                .poll(Worker.named("inner"))
                                .takeUntilOther(Mono.delay(BETWEEN_LOOKS))
                                .concatMap(task -> call.storage().release(task))
                                .then()),
                // What it did to its lease counts, not what it gives.
                new Caller(
                        "says that it is done, and fails",
                        "Done",
                        1,
                        call -> call.storage()
                                .ackDone(call.task(), "by itself")
                                .then(Mono.error(new IllegalStateException("too late")))),
                new Caller(
                        "says that it failed, and ends",
                        "Killed",
                        2,
                        call -> call.storage().ackFailed(call.task(), new IllegalStateException("by itself"))),
                new Caller(
                        "gives itself back once, and ends",
                        "Done",
                        2,
                        call -> call.storage().release(call.task())));
    }

    @Test
    void aHandlerMayCallItsStorage() throws Exception {
        int rounds = Scale.of(1, 50);
        List<Caller> callers = callers();
        try (Ledger ledger = Ledger.open(folder, "calling")) {
            Load load = load(ledger, config -> config);
            for (Caller caller : callers) {
                List<NewTask<Work>> tasks = IntStream.range(0, rounds)
                        .mapToObj(i -> NewTask.of(new Work(caller.name(), i))
                                .id(TaskId.next())
                                .maxAttempts(2))
                        .toList();
                load.storage().pushAllTasks(Flux.fromIterable(tasks)).block(PATIENCE);
            }
            Map<String, Caller> byName = callers.stream().collect(Collectors.toMap(Caller::name, Function.identity()));
            Disposable work = work(load, task -> {
                int run = countRun(task);
                Caller caller = byName.get(task.args().producer());
                if (caller == null || (caller.name().startsWith("gives") && run > 1)) {
                    return Mono.just("ok");
                }
                return caller.call().apply(new Call(load.storage(), task)).thenReturn("ok");
            });

            // One task has a follower.
            long tasks = (long) rounds * (callers.size() + 1);
            becomes("status IN ('Done', 'Killed')", tasks);

            work.dispose();
            awaitAllStopped();
            assertNoLeaseIsLeft();
            List<String> wrong = new ArrayList<>();
            int again = 0;
            for (Caller caller : callers) {
                for (List<?> row : database.sql("SELECT status, id FROM Jobs WHERE " + isOf(caller.name()))) {
                    int times = runs.getOrDefault((String) row.get(1), 0);
                    again += (int) Math.max(0, times - caller.runs());
                    // The outcome of a run that gave its task back may have met the next lease of the same worker.
                    boolean least = times == caller.runs() || (caller.name().startsWith("gives") && times > 0);
                    if (!caller.end().equals(row.get(0)) || !least) {
                        wrong.add(caller.name() + ": " + row + ", run " + times + " times");
                    }
                }
            }
            wrong.addAll(Audit.illegalSteps(database));
            // The handler's own outcome came after its lease was over, and somebody is told so.
            assertThat(events.of(StorageEvent.LeaseLost.class)).hasSizeGreaterThanOrEqualTo(3 * rounds);
            Report.add(
                    "7 handlers that call their storage, " + target().name(),
                    (long) rounds * callers.size(),
                    new Verdict(tasks(), lost(), again, wrong));
        }
    }

    /** It cancels the handler that is at work, and so gives the task back. */
    @Test
    void aHandlerMayStopItsOwnPipeline() throws Exception {
        try (Ledger ledger = Ledger.open(folder, "stopping")) {
            Load load = load(ledger, config -> config);
            Disposable.Swap pipeline = Disposables.swap();
            CountDownLatch set = new CountDownLatch(1);
            CompletableFuture<String> stopped = new CompletableFuture<>();
            push(load, "stops", 0, 1);
            pipeline.update(work(
                    load,
                    task -> Mono.fromCallable(() -> {
                                String run = ledger.run(task);
                                await(set);
                                pipeline.dispose();
                                stopped.complete(run);
                                return run;
                            })
                            .subscribeOn(Schedulers.boundedElastic())));
            set.countDown();

            assertThat(stopped).succeedsWithin(PATIENCE);
            becomes("status = 'Pending' AND attempts = 0 AND lock_by IS NULL", 1);
            awaitAllStopped();
            assertNoLeaseIsLeft();
            runHealthily(load);
            Report.add(
                    "7 handlers that stop their pipeline, " + target().name(),
                    1,
                    Checker.checkWithReleases(database, folder));
        }
    }

    /** The pipeline is broken for good, as Reactor's operators then are, and hears nothing; the tasks must not wait for it. */
    @Test
    void aPipelineThatThrowsAnErrorAtOutcomesGivesItsTasksBack() throws Exception {
        try (Ledger ledger = Ledger.open(folder, "throwing")) {
            Load load = load(ledger, config -> config.bufferSize(4));
            push(load, HEALTHY, 0, 20);
            AtomicInteger thrown = new AtomicInteger();
            running.add(load.storage()
                    .poll(Worker.named("worker"))
                    .transform(load.storage().lock())
                    .flatMap(load.storage().<String>ack(load::run), 2)
                    .subscribe(outcome -> {
                        thrown.incrementAndGet();
                        throw new NoClassDefFoundError("on purpose");
                    }));

            events.await(StorageEvent.WorkerStopped.class);

            assertNoLeaseIsLeft();
            runHealthily(load);
            Report.add(
                    "7 pipelines that throw, " + target().name(),
                    thrown.get(),
                    Checker.checkWithReleases(database, folder));
        }
    }
}
