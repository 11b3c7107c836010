package dev.pollux;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/** Runs handlers and stores how they ended. */
final class Acknowledger {

    private static final int MAX_MESSAGE = 8_000;

    private final TaskTable table;
    private final Config config;
    private final Reporter reporter;
    private final Incarnations incarnations;
    private final Locker locker;

    Acknowledger(TaskTable table, Config config, Reporter reporter, Incarnations incarnations, Locker locker) {
        this.table = table;
        this.config = config;
        this.reporter = reporter;
        this.incarnations = incarnations;
        this.locker = locker;
    }

    /**
     * Runs a handler and stores its outcome; empty if the outcome could not be stored, which is reported. Fails only if
     * the task is not leased, before the handler runs.
     */
    <T, R> Mono<Outcome<R>> run(Task<T> task, Function<? super Task<T>, ? extends Publisher<? extends R>> handler) {
        return new OutcomeMono<>(
                Mono.create(sink -> new HandlerRun<T, R>(task, this, locker, sink).start(handler)),
                // Its task is leased, or it would have failed before there was anything to tell.
                error -> incarnations.fail(Lease.of(task), error));
    }

    /** Stores that a run succeeded. */
    <T, R> Mono<Outcome<R>> done(Task<T> task, @Nullable R value) {
        return Mono.defer(() -> store(task, TaskStatus.DONE, ok(task, value), Duration.ZERO, value, null))
                .onErrorResume(Acknowledger::isTooLarge, error -> {
                    notStored(task, "the handler's result is over the database's limit");
                    return store(task, TaskStatus.DONE, Json.ok(null), Duration.ZERO, value, null);
                });
    }

    /** Stores that a run failed, and when the task runs again, if it does. */
    <T, R> Mono<Outcome<R>> failed(Task<T> task, Throwable error) {
        return Mono.defer(() -> {
            Duration wait = error instanceof AbortError ? null : backoff(task, error);
            TaskStatus status = wait == null ? TaskStatus.KILLED : TaskStatus.FAILED;
            return store(task, status, Json.err(message(error)), wait == null ? Duration.ZERO : wait, null, error);
        });
    }

    /** What the retry policy says; a policy that fails must not lose the outcome, so the task waits a keepAlive then. */
    private @Nullable Duration backoff(Task<?> task, Throwable error) {
        try {
            Duration wait = config.retryPolicy().backoff(task.attempt(), error);
            if (wait == null) {
                return null;
            }
            Duration atMost = wait.compareTo(NewTask.MAX_DELAY) > 0 ? NewTask.MAX_DELAY : wait;
            return atMost.isNegative() ? Duration.ZERO : atMost;
        } catch (Throwable e) { // Also an Error, which Reactor might throw on, past whoever stores the outcome.
            reporter.tell(new StorageEvent.Fault(config.queue(), "retry policy", e, 1, null));
            return config.keepAlive();
        }
    }

    private <R> Mono<Outcome<R>> store(
            Task<?> task,
            TaskStatus status,
            String result,
            Duration wait,
            @Nullable R value,
            @Nullable Throwable error) {
        Lease lease = Lease.of(task);
        return table.ack(lease, status, result, wait, incarnations).map(row -> {
            TaskStatus now = row.status() == null ? status : row.status();
            reporter.tell(new StorageEvent.Acknowledged(config.queue(), task.id(), now, row.attempts()));
            return new Outcome<>(task.id(), now, row.attempts(), value, error);
        });
    }

    private String ok(Task<?> task, @Nullable Object value) {
        try {
            return Json.ok(value);
        } catch (Throwable e) { // A getter of the result may throw anything.
            notStored(
                    task,
                    "the handler's result cannot be written as JSON: "
                            + e.getClass().getName());
            return Json.ok(null);
        }
    }

    private void notStored(Task<?> task, String reason) {
        reporter.tell(new StorageEvent.ResultNotStored(config.queue(), task.id(), reason));
    }

    private static boolean isTooLarge(Throwable error) {
        return error.getCause() != null && Fault.tooLarge(error.getCause());
    }

    private static String message(Throwable error) {
        String text;
        try {
            text = Objects.toString(error.toString(), error.getClass().getName());
        } catch (Throwable e) { // Also an Error: the outcome matters more than its words.
            text = error.getClass().getName();
        }
        return text.length() <= MAX_MESSAGE ? text : text.substring(0, MAX_MESSAGE) + "...";
    }
}
