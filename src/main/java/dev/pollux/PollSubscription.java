package dev.pollux;

import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * A poll at work: fetches when there is demand and nothing buffered, emits, and waits when there is nothing to fetch.
 *
 * <pre>
 * STARTING --registered--&gt; READY --demand--&gt; FETCHING --tasks--&gt; READY
 *                            ^            ^     | nothing: IDLE, until the doorbell rings
 *                            |            +-----+
 *                            +------------------+ passing fault: BACKING_OFF, until the wait is over
 * any --cancel, fatal fault--&gt; over: buffered leases are given back, the worker drains
 * </pre>
 *
 * <p>Everything that touches the subscriber runs in {@link #drain}, by one thread at a time. At most one of start, fetch
 * and wait is outstanding, and only its callback leaves the phase it belongs to.
 *
 * <p>Races: a cancel during a fetch lets the fetch finish, for its tasks may be leased by then; they are given back when
 * they arrive. A fetch that has not gone out yet takes none. A cancel during {@code onNext} wins over the next emission,
 * and gives the buffered leases back itself; so two threads may clean up, of which one gets each lease.
 */
final class PollSubscription<T> implements Subscription {

    private enum Phase {
        STARTING,
        READY,
        FETCHING,
        IDLE,
        BACKING_OFF
    }

    private final TaskTable table;
    private final Config config;
    private final TaskCodec<T> codec;
    private final Reporter reporter;
    private final Doorbell doorbell;
    private final Incarnations incarnations;
    private final ChangeWatch changes;
    private final Incarnation incarnation;
    private final Mono<Void> schemaCheck;
    private final TaskStatus status;

    private final AtomicReference<@Nullable CoreSubscriber<? super Task<T>>> actual;
    private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.STARTING);
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final AtomicLong requested = new AtomicLong();
    private final AtomicInteger missed = new AtomicInteger();
    private final Queue<Task<T>> buffer = new ConcurrentLinkedQueue<>();
    private final Disposable.Swap wait = Disposables.swap();
    private volatile boolean over;
    /** Whether the subscriber has the thread that drains, for as long as it likes. */
    private volatile boolean emitting;

    private int faults;
    /** How many tasks the next fetch may ask for: fewer after an answer that did not come, for it may have been too large. */
    private int room;
    /** How many the last one asked for. */
    private int asked;
    /** How often the connection had broken when this worker last beat for that. */
    private int breaks;

    PollSubscription(
            LibsqlStorage<T> storage, Worker worker, TaskStatus status, CoreSubscriber<? super Task<T>> actual) {
        this.status = status;
        this.table = storage.table();
        this.config = storage.config();
        this.codec = storage.codec();
        this.reporter = storage.reporter();
        this.doorbell = storage.doorbell();
        this.schemaCheck = storage.schema().check(table.about("start of a worker"));
        this.actual = new AtomicReference<>(actual);
        this.room = config.bufferSize();
        this.breaks = table.breaks();
        String id = worker.incarnate();
        this.incarnations = storage.incarnations();
        this.changes = storage.changes();
        this.incarnation = new Incarnation(id, table, config, reporter, this::fail, () -> {
            incarnations.remove(id);
            changes.leave();
        });
    }

    /** Called once, after the subscriber has its subscription. */
    void begin() {
        incarnations.add(incarnation);
        changes.join();
        start();
    }

    private void start() {
        if (over) {
            enter(Phase.READY);
            return;
        }
        schemaCheck.then(Mono.defer(incarnation::start)).subscribe(null, this::startFailed, () -> enter(Phase.READY));
    }

    private void startFailed(Throwable error) {
        Throwable cause = error.getCause() == null ? error : error.getCause();
        if (Fault.fatal(cause)) {
            phase.set(Phase.READY);
            fail(error);
        } else {
            backOff("start of a worker", error, Phase.STARTING, this::start);
        }
    }

    private void enter(Phase next) {
        phase.set(next);
        drain();
    }

    @Override
    public void request(long n) {
        if (n <= 0) {
            fail(new IllegalArgumentException(
                    "a subscriber must request 1 or more, not " + n + " (Reactive Streams rule 3.9)"));
        } else {
            requested.getAndUpdate(before -> Operators.addCap(before, n));
            drain();
        }
    }

    @Override
    public void cancel() {
        over = true;
        wait.dispose();
        if (emitting) {
            // The one that drains does not begin a fetch any more, and may be long in coming: a handler can block it.
            cleanUp();
        }
        drain();
    }

    private void fail(Throwable error) {
        failure.compareAndSet(null, error);
        drain();
    }

    private void drain() {
        if (missed.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        Throwable thrown = null;
        do {
            try {
                emit();
            } catch (Throwable e) {
                // The subscriber broke its rules, or the JVM is in trouble: the drain must end all the same.
                over = true;
                wait.dispose();
                thrown = e;
            }
            if (over) {
                cleanUp();
            } else if (buffer.isEmpty() && requested.get() > 0 && phase.compareAndSet(Phase.READY, Phase.FETCHING)) {
                fetch();
            }
            seen = missed.addAndGet(-seen);
        } while (seen != 0);
        if (thrown != null) {
            throw Fault.unchecked(thrown);
        }
    }

    private void emit() {
        CoreSubscriber<? super Task<T>> subscriber = actual.get();
        if (subscriber == null) {
            return;
        }
        Throwable error = failure.get();
        if (error != null && !over) {
            over = true;
            wait.dispose();
            actual.set(null);
            subscriber.onError(error);
            return;
        }
        long most = requested.get();
        long emitted = 0;
        emitting = true;
        try {
            while (emitted < most && !over) {
                Task<T> task = buffer.poll();
                if (task == null) {
                    break;
                }
                emitted++;
                subscriber.onNext(task);
            }
        } finally {
            emitting = false;
        }
        if (emitted > 0 && most != Long.MAX_VALUE) {
            requested.addAndGet(-emitted);
        }
    }

    /** Gives buffered leases back and lets the worker drain, unless an answer is still to come: then it comes here. */
    private void cleanUp() {
        actual.set(null);
        for (Task<T> task = buffer.poll(); task != null; task = buffer.poll()) {
            incarnation.giveBack(Lease.of(task), "the poll was cancelled before it was emitted");
        }
        Phase now = phase.get();
        if (now != Phase.STARTING && now != Phase.FETCHING) {
            incarnation.stop();
        }
    }

    private void fetch() {
        Doorbell.Known known = doorbell.known();
        table.fetch(incarnation.id(), incarnation.nextFetch(), status, this::mostNow, incarnation::hold)
                .subscribe(tasks -> arrived(tasks, known), this::fetchFailed);
    }

    /** None once nobody wants them; and with a lock none that would wait here, for they must not be Running. */
    private long mostNow() {
        if (over) {
            return 0;
        }
        asked = status == TaskStatus.RUNNING ? (int) Math.min(room, requested.get()) : room;
        return asked;
    }

    private void arrived(List<Task<byte[]>> tasks, Doorbell.Known known) {
        try {
            fetched(tasks, known);
        } catch (RuntimeException e) {
            // The subscriber threw it, which ended the poll: it is no failure of the fetch.
            Fault.drop(e, Context.empty());
        }
    }

    private void fetched(List<Task<byte[]>> tasks, Doorbell.Known known) {
        faults = 0;
        if (asked == room) {
            room = Math.min(config.bufferSize(), room + 1);
        }
        if (breaks != table.breaks()) {
            // Another database, restored from a backup say, may be there now, which does not know this worker.
            breaks = table.breaks();
            incarnation.beat();
        }
        reporter.tell(new StorageEvent.Fetched(config.queue(), incarnation.id(), tasks.size()));
        for (Task<byte[]> raw : tasks) {
            Task<T> task = decode(raw);
            if (task != null) {
                buffer.add(task);
            }
        }
        if (tasks.isEmpty()) {
            phase.set(Phase.IDLE);
            waitBy(() -> doorbell.await(known, this::wake));
            drain();
        } else {
            enter(Phase.READY);
        }
    }

    /** Fetches, and emits nothing: who rings, a push say, must not be kept by the subscriber. */
    private void wake() {
        if (phase.compareAndSet(Phase.IDLE, Phase.FETCHING)) {
            if (over) {
                enter(Phase.READY);
            } else {
                fetch();
            }
        }
    }

    private @Nullable Task<T> decode(Task<byte[]> raw) {
        String reason;
        try {
            T args = codec.decode(raw.args());
            if (args != null) {
                return raw.map(bytes -> args);
            }
            reason = "the codec gave null";
        } catch (Throwable e) {
            // Also an Error must not stop the poll, which would beat on and fetch nothing more. The message of a
            // codec's exception may quote the payload.
            reason = "the codec failed with " + e.getClass().getName();
        }
        String message = "cannot read the payload of " + raw.args().length + " bytes: " + reason;
        Lease lease = Lease.of(raw);
        reporter.tell(new StorageEvent.Poisoned(config.queue(), raw.id(), message));
        table.ack(lease, TaskStatus.KILLED, Json.err(message), Duration.ZERO, incarnations)
                // The lane reported it; the next beat gives the task back, to be fetched and killed again.
                .subscribe(row -> {}, error -> incarnation.forget(lease));
        return null;
    }

    private void fetchFailed(Throwable error) {
        if (Fault.fatal(error)) {
            phase.set(Phase.READY);
            fail(Fault.describe(table.about("fetch"), error));
            return;
        }
        if (Fault.outcomeUnknown(error)) {
            room = Math.max(1, asked / 2);
            incarnation.beat();
        }
        backOff("fetch", error, Phase.READY, this::drain);
    }

    /** Waits with nothing outstanding, so that a cancel may end it, and then goes on in {@code next}. */
    private void backOff(String step, Throwable error, Phase next, Runnable action) {
        Duration pause = Fault.backoff(faults++);
        reporter.tell(new StorageEvent.Fault(config.queue(), step, error, faults, pause));
        phase.set(Phase.BACKING_OFF);
        Runnable goOn = () -> {
            if (phase.compareAndSet(Phase.BACKING_OFF, next)) {
                action.run();
            }
        };
        waitBy(() -> Timers.scheduler().schedule(goOn, pause.toMillis(), TimeUnit.MILLISECONDS));
        drain();
    }

    /**
     * Begins a wait that a cancel ends. Its place is taken before it begins: it may be over, and the next one begun, by
     * the time that beginning it returns, and must not end that one.
     */
    private void waitBy(Supplier<Disposable> begin) {
        Disposable.Swap place = Disposables.swap();
        wait.update(place);
        place.update(begin.get());
    }
}
