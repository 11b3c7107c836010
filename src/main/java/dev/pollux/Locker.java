package dev.pollux;

import reactor.core.publisher.Mono;

/** Takes leases to Running and gives them back. */
final class Locker {

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
        return Mono.defer(() -> taken(task)).map(taken -> task.withStatus(TaskStatus.RUNNING));
    }

    /** Locks; emits false, after reporting why, if that failed. Never fails. */
    <T> Mono<Boolean> tryLock(Task<T> task) {
        return Mono.defer(() -> taken(task)).onErrorResume(error -> {
            lost(task, "lock", error);
            return Mono.just(false);
        });
    }

    /** Emits true. */
    private Mono<Boolean> taken(Task<?> task) {
        Lease lease = Lease.of(task);
        return table.lock(lease).flatMap(locked -> {
            if (!locked) {
                return table.explain("lock", lease, false).thenReturn(false);
            }
            reporter.tell(new StorageEvent.Locked(config.queue(), task.id()));
            return Mono.just(true);
        });
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
