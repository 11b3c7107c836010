package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.Config;
import dev.pollux.LibsqlException;
import dev.pollux.LibsqlStorage;
import dev.pollux.StorageEvent;
import dev.pollux.TaskId;
import dev.pollux.Worker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Codecs that throw, results that cannot be written, and retry policies that throw. */
abstract class HostileCodecContract extends HostileCode {

    @Test
    void aCodecThatThrowsHarmsOnlyItsOwnTask() throws Exception {
        int rounds = Scale.of(2, 50);
        LibsqlStorage<Work> storage = LibsqlStorage.create(
                database.factory(),
                new HostileCodec(),
                Config.builder(Load.QUEUE)
                        .listener(events)
                        .drainTime(Duration.ZERO)
                        .build());
        for (int round = 0; round < rounds; round++) {
            for (String kind : HostileCodec.KINDS) {
                for (Mono<Void> push : List.of(
                        storage.push(new Work("writes " + kind, round)),
                        storage.pushAll(Flux.just(new Work("writes " + kind, round))),
                        storage.pushAll(Mono.delay(Duration.ofMillis(1)).map(tick -> new Work("writes " + kind, 0))))) {
                    assertThatThrownBy(() -> push.block(PATIENCE))
                            .isInstanceOf(LibsqlException.class)
                            .hasMessageMatching("push \\(queue 'load', task .*\\): cannot write the task's payload: .*")
                            .hasMessageNotContaining("secret")
                            .hasNoCause();
                }
                storage.push(new Work("reads " + kind, round)).block(PATIENCE);
                storage.push(new Work(HEALTHY, round)).block(PATIENCE);
            }
        }
        int tasks = rounds * HostileCodec.KINDS.size();
        assertThat(database.number("SELECT count(*) FROM Jobs")).isEqualTo(2L * tasks);
        for (List<?> row : database.sql("SELECT id FROM Jobs WHERE job ->> 'producer' LIKE 'reads %'")) {
            assertThatThrownBy(() ->
                            storage.fetchById(new TaskId((String) row.get(0))).block(PATIENCE))
                    .isInstanceOf(LibsqlException.class)
                    .hasMessageContaining("cannot read its payload")
                    .hasMessageNotContaining("secret")
                    .hasNoCause();
        }
        List<List<Object>> payloads = payloads();

        running.add(storage.poll(Worker.named("worker"))
                .transform(storage.lock())
                .flatMap(storage.<String>ack(task -> {
                    countRun(task);
                    return Mono.just("ok");
                }))
                .subscribe());

        becomes("status = 'Done' AND attempts = 0 AND job ->> 'producer' = 'healthy'", tasks);
        becomes(
                "status = 'Killed' AND last_error LIKE '%cannot read the payload%' AND last_error NOT LIKE '%secret%'",
                tasks);
        assertThat(payloads()).isEqualTo(payloads);
        assertThat(events.of(StorageEvent.Poisoned.class)).hasSize(tasks);
        Report.add("7 codecs that throw, " + target().name(), 4L * tasks, verdict());
    }

    private List<List<Object>> payloads() {
        List<List<Object>> payloads = new ArrayList<>();
        database.sql("SELECT id, hex(job) FROM Jobs ORDER BY id").forEach(row -> payloads.add(List.copyOf(row)));
        return payloads;
    }

    @Test
    void aResultThatCannotBeWrittenIsNullAndReported() throws Exception {
        List<Unwritable> results = List.of(
                new Unwritable(() -> {
                    throw new IllegalStateException("on purpose");
                }),
                new Unwritable(() -> HostileHandler.sneak(new AssertionError("on purpose"))),
                new Unwritable(() -> HostileHandler.sneak(new StackOverflowError("on purpose"))),
                new Unwritable(() -> HostileHandler.sneak(new NoClassDefFoundError("on purpose"))),
                new Unwritable(Unwritable::deeper));
        int rounds = Scale.of(1, 50);
        try (Ledger ledger = Ledger.open(folder, "results")) {
            Load load = load(ledger, config -> config);
            push(load, "results", 0, rounds * results.size());
            running.add(load.storage()
                    .poll(Worker.named("worker"))
                    .transform(load.storage().lock())
                    .flatMap(load.storage().<Object>ack(task -> {
                        countRun(task);
                        return Mono.just(results.get((int) task.args().number() % results.size()));
                    }))
                    .subscribe());

            becomes(
                    "status = 'Done' AND attempts = 0 AND last_error = '{\"Ok\":null}'",
                    (long) rounds * results.size());

            assertThat(events.of(StorageEvent.ResultNotStored.class)).hasSize(rounds * results.size());
            Report.add(
                    "7 results that cannot be written, " + target().name(), (long) rounds * results.size(), verdict());
        }
    }

    @Test
    void aRetryPolicyThatThrowsAnErrorLosesNoOutcome() throws Exception {
        try (Ledger ledger = Ledger.open(folder, "policy")) {
            List<Supplier<Duration>> policies = List.of(
                    () -> HostileHandler.sneak(new AssertionError("on purpose")),
                    () -> HostileHandler.sneak(new StackOverflowError("on purpose")),
                    () -> HostileHandler.sneak(new NoClassDefFoundError("on purpose")),
                    () -> Duration.ofSeconds(Long.MIN_VALUE),
                    () -> Duration.ofMillis(-1));
            Load load = load(
                    ledger,
                    config -> config.retryPolicy((attempt, error) ->
                            policies.get(Integer.parseInt(error.getMessage())).get()));
            push(load, "policy", 0, policies.size());
            work(
                    load,
                    task -> load.run(task)
                            .flatMap(run -> task.attempt() == 1
                                    ? Mono.error(new IllegalStateException(
                                            "" + task.args().number()))
                                    : Mono.just(run)));

            becomes("status = 'Done' AND attempts = 1", policies.size());

            assertThat(events.of(StorageEvent.Fault.class))
                    .extracting(StorageEvent.Fault::step)
                    .containsOnly("retry policy")
                    .hasSize(3);
            Report.add(
                    "7 retry policies that throw, " + target().name(),
                    policies.size(),
                    Checker.check(database, folder));
        }
    }
}
