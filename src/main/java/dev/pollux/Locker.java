package dev.pollux;

import java.time.Duration;
import java.util.function.Consumer;
import reactor.core.publisher.Mono;

/** Takes leases to Running and gives them back. */
final class Locker {

    /** How old the word of the database that a lease is ours may be when its handler begins. */
    private static final Duration OLDEST_WORD = Duration.ofSeconds(1);

    private final TaskTable table;
    private final Config config;
    private final Reporter reporter;
    private final Incarnations incarnations;

    Locker(TaskTable table, Config config, Reporter reporter, Incarnations incarnations) {
        this.table = table;
        this.config = config;
        this.reporter = reporter;
        this.incarnations = incarnations;
    }

    /** Locks; fails with {@link LeaseLostException} if the lease is lost. */
    <T> Mono<Task<T>> lock(Task<T> task) {
        return ours(task).map(ours -> {
            tellLocked(task);
            return task.withStatus(TaskStatus.RUNNING);
        });
    }

    /** Locks; tells false, after reporting why, if that failed. No publisher, for each would cost as much as the lock. */
    void tryLock(Task<?> task, Consumer<Boolean> caller) {
        if (task.context().lockBy() == null) {
            confirm(task).subscribe(caller); // which reports that it is not leased
            return;
        }
        Lease lease = Lease.of(task);
        table.lock(lease, () -> incarnations.seen(lease), (locked, error) -> {
            if (Boolean.TRUE.equals(locked)) {
                tellLocked(task);
                caller.accept(true);
            } else {
                orLost(task, error != null ? Mono.error(error) : explained(lease))
                        .subscribe(caller);
            }
        });
    }

    /** Reports that a task has been taken to Running. */
    void tellLocked(Task<?> task) {
        reporter.tell(new StorageEvent.Locked(config.queue(), task.id()));
    }

    /**
     * Whether a handler may begin at once. Otherwise the task has waited for it, and is to be {@linkplain #confirm confirmed} before:
     * a lease can be lost meanwhile, and then the task may run elsewhere.
     */
    boolean mayBegin(Lease lease) {
        return incarnations.mayBegin(lease, OLDEST_WORD);
    }

    /** Asks whether a lease is still ours; emits false, after reporting why, if it is not. Never fails. */
    Mono<Boolean> confirm(Task<?> task) {
        return orLost(task, ours(task));
    }

    private Mono<Boolean> orLost(Task<?> task, Mono<Boolean> lock) {
        return lock.onErrorResume(error -> {
            lost(task, "lock", error);
            return Mono.just(false);
        });
    }

    /** Takes a task to Running, or leaves it so; emits true. */
    private Mono<Boolean> ours(Task<?> task) {
        return Mono.defer(() -> {
            Lease lease = Lease.of(task);
            return table.lock(lease, () -> incarnations.seen(lease))
                    .flatMap(locked -> locked ? Mono.just(true) : explained(lease));
        });
    }

    private Mono<Boolean> explained(Lease lease) {
        return table.explain("lock", lease, false).thenReturn(false);
    }

    /** Reports that a lease is lost here, or left to the next beat. */
    void lost(Task<?> task, String step, Throwable error) {
        if (error instanceof LeaseLostException) {
            reporter.tell(
                    new StorageEvent.LeaseLost(config.queue(), task.id(), step, String.valueOf(error.getMessage())));
        } else if (!(error instanceof LibsqlException)) {
            // The lane has told of its own faults.
            reporter.tell(new StorageEvent.Fault(config.queue(), step, error, 1, null));
        }
        if (task.context().lockBy() != null) {
            incarnations.forget(Lease.of(task));
        }
    }

    /** Gives a lease back; if that fails, its worker's next beat does. */
    void giveBack(Lease lease, String reason) {
        release(lease, reason).onErrorComplete().subscribe();
    }

    /** Gives a lease back; fails with {@link LeaseLostException} if it is lost. */
    Mono<Void> release(Lease lease, String reason) {
        return table.release(lease, reason, () -> incarnations.forget(lease))
                .doOnError(error -> incarnations.forget(lease))
                .flatMap(released -> released
                        ? Mono.<Void>empty()
                        : table.explain("release", lease, false).then());
    }
}
