package dev.pollux;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * One life of a worker: from the subscription of a poll until its last task is acknowledged. It beats, and knows the
 * leases that its poll was given and that nobody has ended yet.
 *
 * <pre>
 * NEW --start--&gt; REGISTERING --in the database--&gt; BEATING
 *  |                    | stop                       | stop
 *  |                    +-------&gt; DRAINING &lt;---------+
 *  | stop                            | no lease left, or the drain time is over
 *  +------------&gt; GONE &lt;-----------+
 * </pre>
 *
 * <p>Races: {@link #hold}, {@link #forget} and {@link #reconcile} are called as the lane settles steps, one after the
 * other and in the order in which the database ran them; so a lease that the database lists and that is not held here
 * was given in an answer that never came. The step to GONE is taken once, by whoever wins the state. The worker is
 * deregistered after its last beat, which would register it again.
 */
final class Incarnation {

    private enum State {
        NEW,
        REGISTERING,
        BEATING,
        DRAINING,
        GONE
    }

    /** LAST is under way, too, and no other will follow. */
    private enum Beats {
        RESTING,
        UNDER_WAY,
        LAST,
        OVER
    }

    private final String id;
    private final TaskTable table;
    private final Config config;
    private final Reporter reporter;
    private final Consumer<Throwable> onFatal;
    private final Runnable onGone;
    private final Map<TaskId, Hold> held = new ConcurrentHashMap<>();
    private final AtomicReference<State> state = new AtomicReference<>(State.NEW);
    private final AtomicLong fetches = new AtomicLong();
    private final AtomicReference<Beats> beats = new AtomicReference<>(Beats.RESTING);
    private final Sinks.Empty<Void> beatsOver = Sinks.empty();
    private final Disposable.Composite timers = Disposables.composite();

    /**
     * A lease that nobody has ended, and when the database last said that it is ours: by {@link System#nanoTime()}, which stands still
     * while a machine sleeps, and by the wall clock, which can be set.
     */
    private record Hold(Lease lease, long nanos, long millis) {

        static Hold now(Lease lease) {
            return new Hold(lease, System.nanoTime(), System.currentTimeMillis());
        }

        boolean isYoungerThan(Duration age) {
            return System.nanoTime() - nanos < age.toNanos()
                    && Math.abs(System.currentTimeMillis() - millis) < age.toMillis();
        }
    }

    /**
     * @param onFatal told of what ends the poll: a fault that cannot pass, or that its pipeline broke
     * @param onGone told at the end
     */
    Incarnation(
            String id,
            TaskTable table,
            Config config,
            Reporter reporter,
            Consumer<Throwable> onFatal,
            Runnable onGone) {
        this.id = id;
        this.table = table;
        this.config = config;
        this.reporter = reporter;
        this.onFatal = onFatal;
        this.onGone = onGone;
    }

    /** The worker's id in the database. */
    String id() {
        return id;
    }

    /** Registers the worker, sweeps the queue's orphans and begins to beat; may be called again if it failed. */
    Mono<Void> start() {
        return Mono.defer(() -> {
                    state.compareAndSet(State.NEW, State.REGISTERING);
                    return Mono.when(table.purgeWorkers(), table.beat(id, this::reconcile));
                })
                .doOnSuccess(done -> {
                    if (state.compareAndSet(State.REGISTERING, State.BEATING)) {
                        reporter.tell(new StorageEvent.WorkerStarted(config.queue(), id));
                        long interval = config.keepAlive().toMillis();
                        timers.add(Timers.scheduler()
                                .schedulePeriodically(this::beat, interval, interval, TimeUnit.MILLISECONDS));
                    }
                });
    }

    /** Beats now: also finds the leases of a fetch whose answer was lost. */
    void beat() {
        if (!beats.compareAndSet(Beats.RESTING, Beats.UNDER_WAY)) {
            return;
        }
        table.beat(id, this::reconcile).doFinally(signal -> rest()).subscribe(null, error -> {
            if (error.getCause() != null && Fault.fatal(error.getCause())) {
                fail(error);
            }
        });
    }

    private void rest() {
        if (beats.getAndUpdate(now -> now == Beats.UNDER_WAY ? Beats.RESTING : Beats.OVER) == Beats.LAST) {
            beatsOver.tryEmitEmpty();
        }
    }

    /** Has no beat begin any more; completes when none is under way. */
    private Mono<Void> endBeats() {
        if (beats.getAndUpdate(now -> now == Beats.UNDER_WAY ? Beats.LAST : Beats.OVER) == Beats.RESTING) {
            beatsOver.tryEmitEmpty();
        }
        return beatsOver.asMono();
    }

    /** Ends its poll with an error. */
    void fail(Throwable error) {
        onFatal.accept(error);
    }

    /** The number of the next fetch. */
    long nextFetch() {
        return fetches.incrementAndGet();
    }

    /** Notes leases that a fetch was given. */
    void hold(List<? extends Task<?>> tasks) {
        for (Task<?> task : tasks) {
            held.put(task.id(), Hold.now(Lease.of(task)));
        }
    }

    boolean holds(Lease lease) {
        Hold hold = held.get(lease.task());
        return hold != null && hold.lease().equals(lease);
    }

    /** Notes that the database has just said that a lease is ours. */
    void seen(Lease lease) {
        held.computeIfPresent(lease.task(), (task, hold) -> hold.lease().equals(lease) ? Hold.now(lease) : hold);
    }

    /** Whether the database has said that a lease is ours, not longer ago than that. */
    boolean hasSeen(Lease lease, Duration within) {
        Hold hold = held.get(lease.task());
        return hold != null && hold.lease().equals(lease) && hold.isYoungerThan(within);
    }

    /** Notes that a lease is over, or that nobody here will end it: then the next beat gives it back. */
    void forget(Lease lease) {
        held.computeIfPresent(lease.task(), (task, hold) -> hold.lease().equals(lease) ? null : hold);
        if (held.isEmpty() && state.get() == State.DRAINING) {
            finish();
        }
    }

    private void reconcile(List<Rows.Item> given) {
        Set<Lease> known = new HashSet<>();
        for (Rows.Item row : given) {
            Lease lease = new Lease(new TaskId(row.id()), id, row.attempts(), row.lease());
            known.add(lease);
            if (!holds(lease)) {
                giveBack(lease, "its worker does not know of it: an answer was lost");
            }
        }
        for (Hold hold : held.values()) {
            if (!known.contains(hold.lease())) {
                forget(hold.lease());
            }
        }
    }

    /** Gives a lease back at once; if that fails, the next beat tries again. */
    void giveBack(Lease lease, String reason) {
        release(lease, reason).subscribe();
    }

    private Mono<Boolean> release(Lease lease, String reason) {
        return table.release(lease, reason, () -> forget(lease)).onErrorResume(error -> {
            forget(lease);
            return Mono.just(false);
        });
    }

    /** Ends the life once all leases are over, or after the drain time. Idempotent. */
    void stop() {
        if (state.compareAndSet(State.NEW, State.GONE)) {
            gone(0);
            return;
        }
        if (!state.compareAndSet(State.REGISTERING, State.DRAINING)
                && !state.compareAndSet(State.BEATING, State.DRAINING)) {
            return;
        }
        if (held.isEmpty()) {
            finish();
        } else {
            timers.add(
                    Timers.scheduler().schedule(this::finish, config.drainTime().toMillis(), TimeUnit.MILLISECONDS));
        }
    }

    private void finish() {
        if (!state.compareAndSet(State.DRAINING, State.GONE)) {
            return;
        }
        timers.dispose();
        List<Lease> left = held.values().stream().map(Hold::lease).toList();
        Flux.fromIterable(left)
                .flatMap(lease -> release(lease, "the drain time is over"), Math.max(1, left.size()))
                .filter(released -> released)
                .count()
                // What fails was reported by the lane; the sweep of another worker will clear up.
                .flatMap(released ->
                        endBeats().then(table.deregister(id)).onErrorComplete().thenReturn(released))
                .subscribe(released -> gone(released.intValue()));
    }

    private void gone(int released) {
        onGone.run();
        reporter.tell(new StorageEvent.WorkerStopped(config.queue(), id, released));
    }
}
