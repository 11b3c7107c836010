package dev.pollux.faults;

import dev.pollux.AbortError;
import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.NewTask;
import dev.pollux.RetryPolicy;
import dev.pollux.Task;
import dev.pollux.TaskId;
import dev.pollux.Worker;
import dev.pollux.r2dbc.LibsqlConnectionFactory;
import dev.pollux.replica.Replica;
import dev.pollux.replica.ReplicaConfig;
import dev.pollux.replica.SyncReport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * A machine with a replica that does what the lines of its standard input say, one after the other, and says on its standard
 * output what happened: {@code start ID NANOS} and {@code stop ID NANOS} when a handler begins and ends, by a clock that all
 * processes of a machine share, {@code ended WHY} when a poll fails, {@code status UNSENT HELD} when the replica tells how it stands,
 * and {@code answer WHAT} to each line. Other lines are its log.
 */
public final class ReplicaProcess {

    static final String QUEUE = "model";
    static final int TRIES = 4;
    static final int IN_FLIGHT = 3;

    private static final Duration PATIENCE = Duration.ofMinutes(15);

    private final HurriedTimers timers = HurriedTimers.install();
    private final Map<String, Sinks.One<String>> running = new ConcurrentHashMap<>();
    private volatile boolean finishesAll;
    private @Nullable LibsqlConnectionFactory local;
    private @Nullable LibsqlConnectionFactory remote;
    private @Nullable Replica replica;
    private @Nullable LibsqlStorage<String> storage;
    private @Nullable Disposable poll;

    private ReplicaProcess() {}

    /** Takes nothing. */
    public static void main(String[] arguments) throws IOException {
        ReplicaProcess process = new ReplicaProcess();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            say("answer " + process.answer(line.split(" ")));
        }
        System.exit(0);
    }

    private static void say(String line) {
        synchronized (System.out) {
            System.out.println(line);
            System.out.flush();
        }
    }

    private String answer(String[] words) {
        try {
            return switch (words[0]) {
                case "open" -> open(words[1], words[2]);
                case "push" -> push(words[1]);
                case "poll" -> poll();
                case "idle" -> idle();
                case "finish" -> finish(words[1], words[2]);
                case "finish-all" -> finishAll();
                case "sync" -> sync();
                case "pass" -> pass(words[1]);
                case "outlast-locks" -> outlastLocks();
                case "hear" -> "heard";
                case "close" -> close();
                default -> "what? " + words[0];
            };
        } catch (RuntimeException e) {
            return "failed " + words[0] + " " + e.getClass().getSimpleName() + ": "
                    + String.valueOf(e.getMessage()).replace('\n', ' ');
        }
    }

    private String open(String file, String url) {
        local = LibsqlConnectionFactory.of("file:" + file);
        remote = LibsqlConnectionFactory.of(url);
        replica = Replica.over(
                local, remote, ReplicaConfig.builder().background(false).build());
        storage = LibsqlStorage.create(
                replica,
                String.class,
                Config.builder(QUEUE)
                        .bufferSize(IN_FLIGHT)
                        .maxAttempts(TRIES)
                        .retryPolicy(RetryPolicy.fixed(Duration.ZERO))
                        // What was on its way to a handler when the poll ended waits for nobody.
                        .drainTime(Duration.ZERO)
                        .build());
        storage.setup().block(PATIENCE);
        replica.status().subscribe(status -> say("status " + status.unsent() + " " + status.held()));
        return "opened";
    }

    private LibsqlStorage<String> storage() {
        if (storage == null) {
            throw new IllegalStateException("nothing is open");
        }
        return storage;
    }

    private String push(String id) {
        storage().push(NewTask.of(id).id(new TaskId(id)).maxAttempts(TRIES)).block(PATIENCE);
        return "pushed";
    }

    private String poll() {
        if (poll == null) {
            poll = storage()
                    .poll(Worker.named("worker"))
                    .transform(storage().lock())
                    .flatMap(storage().ack(this::run), IN_FLIGHT)
                    .subscribe(
                            outcome -> {},
                            error -> say("ended "
                                    + String.valueOf(error.getMessage()).replace('\n', ' ')));
        }
        return "polling";
    }

    private Publisher<String> run(Task<String> task) {
        String id = task.id().value();
        Sinks.One<String> end = Sinks.one();
        running.put(id, end);
        say("start " + id + " " + System.nanoTime());
        if (finishesAll) {
            end.tryEmitValue(id);
        }
        return end.asMono().doOnTerminate(() -> stopped(id, end)).doOnCancel(() -> stopped(id, end));
    }

    private void stopped(String id, Sinks.One<String> end) {
        running.remove(id, end);
        say("stop " + id + " " + System.nanoTime());
    }

    private String idle() {
        if (poll != null) {
            poll.dispose();
            poll = null;
        }
        return "idle";
    }

    private String finish(String id, String how) {
        Sinks.One<String> end = running.get(id);
        if (end != null) {
            switch (how) {
                case "fail" -> end.tryEmitError(new IllegalStateException("failed"));
                case "kill" -> end.tryEmitError(new AbortError("aborted"));
                default -> end.tryEmitValue(id);
            }
        }
        return "finished";
    }

    private String finishAll() {
        finishesAll = true;
        running.values().forEach(end -> end.tryEmitValue("all"));
        return "finishing";
    }

    private String sync() {
        SyncReport report = replica == null ? null : replica.sync().block(PATIENCE);
        return report == null
                ? "failed sync nothing is open"
                : "synced " + report.unsent() + " refused "
                        + report.refused().stream().map(TaskId::value).toList();
    }

    /** Lets so many seconds pass, by the monotonic clock. */
    private String pass(String seconds) {
        timers.pass(Duration.ofSeconds(Long.parseLong(seconds)));
        return "passed";
    }

    /** Waits until no handler begins any more on the word of a lock: that is good for a second of all clocks. */
    private static String outlastLocks() {
        Mono.delay(Duration.ofMillis(1_010)).block(PATIENCE);
        return "outlasted";
    }

    private String close() {
        idle();
        finishesAll = false;
        Mono.whenDelayError(
                        replica == null ? Mono.empty() : replica.close(),
                        remote == null ? Mono.empty() : remote.close(),
                        local == null ? Mono.empty() : local.close())
                .block(PATIENCE);
        replica = null;
        storage = null;
        return "closed";
    }
}
