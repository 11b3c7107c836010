package dev.pollux;

import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcException;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.concurrent.Queues;

/**
 * Where all statements of all storages over one {@link ConnectionFactory} queue. SQLite has one writer, so there is no
 * gain in more than one lane, and on a remote server more than three writers stall it.
 *
 * <p>Steps that arrive while a turn is under way wait together and go out as the next one: one statement text, one
 * transaction, one fsync or one round trip for hundreds of callers. A step that meets an idle lane goes at once, unless
 * its caller is just being told of a turn: see {@link #finish}. Each caller completes when its own row is committed,
 * where the database's answer came: its code may take its time, for r2dbc:libsql keeps nobody else's answer waiting for
 * that. If a row is refused, the turn is halved until only that row's caller fails; if a statement is, those of the
 * other statements run without it.
 *
 * <p>A passing fault keeps the lane for a moment, and then the turn runs again with what came in the meantime; who has no
 * patience left hears at once.
 *
 * <p>Races: {@code busy} is taken by whoever starts a turn and by the connection's idle timer; both look at the queue
 * again after they gave it back, so no step is left behind. A step cancelled before its turn is assembled never runs.
 */
final class WriteLane {

    private static final int MAX_STEPS = 4_000;
    private static final int MAX_CHARS = 4 << 20;

    /** From how long a turn takes a round trip, rather than the work, to be what it costs. */
    private static final long FAR_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private static final Map<ConnectionFactory, WeakReference<WriteLane>> LANES = new WeakHashMap<>();

    private final LaneConnection connection;
    private final Queue<Waiting<?, ?>> waiting =
            Queues.<Waiting<?, ?>>unboundedMultiproducer().get();
    private final AtomicBoolean busy = new AtomicBoolean();
    private final Doorbells doorbells = new Doorbells();
    /** The turns whose callers have not all been told. */
    private final Queue<Turn> telling = new ConcurrentLinkedQueue<>();
    /** What a passing fault has sent back, and when to try again: touched only by whoever has the lane. */
    private final List<Waiting<?, ?>> again = new ArrayList<>();

    private Duration pause = Duration.ZERO;

    private volatile long turnStart;
    /** Whose steps wait for those of the other callers of the turn that it tells of. */
    private volatile @Nullable Thread gatherer;

    private volatile long gatherUntil;

    private WriteLane(ConnectionFactory factory) {
        this.connection = new LaneConnection(factory, this::exclusively);
    }

    /** The one lane of this connection factory. */
    static WriteLane of(ConnectionFactory factory) {
        synchronized (LANES) {
            WeakReference<WriteLane> known = LANES.get(factory);
            WriteLane lane = known == null ? null : known.get();
            if (lane == null) {
                lane = new WriteLane(factory);
                LANES.put(factory, new WeakReference<>(lane));
            }
            return lane;
        }
    }

    /** Who is to be told when tasks are pushed through this lane. */
    Doorbells doorbells() {
        return doorbells;
    }

    /** How often its connection has broken so far. */
    int breaks() {
        return connection.breaks();
    }

    /**
     * Lines a step up at each subscription; emits its result once it is committed, on the driver's thread. Fails
     * with what the database failed with. Cancelling takes it out of the line; a step whose turn has come runs and
     * settles all the same.
     */
    <V, R> Mono<R> submit(Step<V, R> step) {
        return submit(step, () -> {});
    }

    /** The same; what {@code announce} lines up goes out in the same turn if there is room. */
    <V, R> Mono<R> submit(Step<V, R> step, Runnable announce) {
        return Mono.create(sink -> {
            Waiting<V, R> place = new Waiting<>(step, new Caller.Subscribed<>(sink));
            sink.onCancel(place::cancel);
            waiting.add(place);
            announce.run();
            startUnlessGathering();
        });
    }

    /** Lines a step up for a caller who needs no publisher. */
    <V, R> void submit(Step<V, R> step, Caller<R> caller) {
        waiting.add(new Waiting<>(step, caller));
        startUnlessGathering();
    }

    private void startUnlessGathering() {
        if (Thread.currentThread() != gatherer || System.nanoTime() - gatherUntil > 0) {
            start();
        }
    }

    /** Starts the next turn unless one is under way. */
    private void start() {
        while (!waiting.isEmpty() && busy.compareAndSet(false, true)) {
            List<Waiting<?, ?>> steps = assemble();
            if (!steps.isEmpty()) {
                run(new Turn(steps));
                return;
            }
            busy.set(false);
        }
    }

    private void run(Turn turn) {
        turnStart = System.nanoTime();
        perform(turn).subscribe(null, error -> finish(turn, error), () -> finish(turn, null));
    }

    /** Takes what a fault has sent back, and what came in the meantime. */
    private void tryAgain() {
        run(new Turn(assemble()));
    }

    /** Runs an action while no turn is under way; gives up and returns false if one is. */
    private boolean exclusively(Runnable action) {
        if (!busy.compareAndSet(false, true)) {
            return false;
        }
        try {
            action.run();
        } finally {
            busy.set(false);
            start();
        }
        return true;
    }

    private List<Waiting<?, ?>> assemble() {
        List<Waiting<?, ?>> steps = new ArrayList<>(again);
        again.clear();
        Map<Sql, Set<String>> tasks = new EnumMap<>(Sql.class);
        steps.forEach(first -> note(first, tasks));
        int chars = Waiting.size(steps);
        for (Waiting<?, ?> next = waiting.peek();
                next != null && steps.size() < MAX_STEPS && chars < MAX_CHARS;
                next = waiting.peek()) {
            // Two steps about one task in one statement could not be told apart: the second waits for the next turn.
            if (!next.isCancelled() && !note(next, tasks)) {
                break;
            }
            waiting.remove();
            if (!next.isCancelled()) {
                steps.add(next);
                chars += next.size();
            }
        }
        return steps;
    }

    /** Whether the turn has no step yet about the same task in the same statement. */
    private static boolean note(Waiting<?, ?> next, Map<Sql, Set<String>> tasks) {
        Step.Element element = next.step.element();
        return element == null
                || tasks.computeIfAbsent(next.step.sql(), sql -> new HashSet<>())
                        .add(element.task());
    }

    /** Runs a turn until each of its steps has a result or an error, or is to run again. Never fails by itself. */
    private Mono<Void> perform(Turn turn) {
        return connection
                .use(turn::execute)
                .onErrorResume(error -> recover(turn, error))
                .then();
    }

    private Mono<Void> recover(Turn turn, Throwable error) {
        if (turn.isTrusting() && !Fault.passing(error) && error instanceof R2dbcException) {
            return perform(turn.exact());
        }
        if (Fault.ofOneRow(error) && turn.size() > 1) {
            return perform(turn.firstHalf()).then(Mono.defer(() -> perform(turn.secondHalf())));
        }
        if (!Fault.passing(error)) {
            List<Turn> parts = turn.byStatement();
            if (parts.size() > 1 && error instanceof R2dbcException) {
                return Flux.fromIterable(parts).concatMap(this::perform).then();
            }
            if (!Fault.curable(error)) {
                turn.failAll(error);
                return Mono.empty();
            }
        }
        Duration wait = turn.backoff();
        again.addAll(turn.patientWith(error, wait));
        pause = wait;
        return Mono.empty();
    }

    /**
     * Tells the callers. What they line up in answer goes out with what waits already, in one turn: otherwise they would
     * fall into two halves that take turns, each at half the size. The time limit is for callers that take long; those of
     * heavy steps hold up the next turn only where a round trip costs more than they do.
     *
     * <p>A caller may keep the thread, for ever even: the others are told at the end of the next turn then, for which
     * there is a beat at the latest.
     */
    private void finish(Turn turn, @Nullable Throwable error) {
        long took = System.nanoTime() - turnStart;
        boolean far = took > FAR_NANOS;
        boolean rests;
        try {
            if (error != null) {
                again.clear();
                turn.failAll(error);
            }
        } finally {
            rests = !again.isEmpty();
            busy.set(rests);
        }
        Turn settled = rests ? turn.settled() : turn;
        telling.add(settled);
        if (rests) {
            Timers.scheduler().schedule(this::tryAgain, pause.toMillis(), TimeUnit.MILLISECONDS);
        } else {
            tellFirst(settled, took, far);
        }
        // The rest of it, and what another thread has not got to because a caller keeps it.
        telling.forEach(this::tellAll);
    }

    private void tellAll(Turn turn) {
        turn.emit(step -> true);
        telling.remove(turn);
    }

    private void tellFirst(Turn turn, long took, boolean far) {
        long gather = took / 2;
        Disposable limit = waiting.isEmpty()
                ? Disposables.disposed()
                : Timers.scheduler().schedule(this::start, gather, TimeUnit.NANOSECONDS);
        gatherUntil = System.nanoTime() + gather;
        gatherer = Thread.currentThread();
        try {
            turn.emit(step -> far || !step.heavy());
        } finally {
            gatherer = null;
            limit.dispose();
            start();
        }
    }
}
