package dev.pollux.r2dbc.local;

import dev.pollux.r2dbc.transport.Gate;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.MonoSink;
import reactor.core.scheduler.Schedulers;

/**
 * One thing a session does: it waits for its turn in the session, then for the write gate if it needs it, then is run by
 * the session's worker.
 *
 * <pre>
 *   LINED_UP --turn--&gt; AT_GATE --let in, or no gate needed--&gt; READY --taken by the worker--&gt; RUNNING --&gt; DONE
 *   LINED_UP, AT_GATE, READY --cancelled, session closed, lock wait over--&gt; DROPPED
 * </pre>
 *
 * <p>Races: every move is decided under the monitor, and nothing is called inside it. Whoever moves a step to DROPPED
 * leaves the gates, and the worker leaves them when the step is DONE, unless a transaction has kept one. A gate may let a
 * step in before {@link Gate#enter} has returned its turn: a step that is found DROPPED after that leaves at once, but
 * one that is found READY, RUNNING or DONE has been let in, and the turn is the worker's business. Gates are left before
 * the result is published: who sees the result finds them free.
 */
final class Step<T> {

    /** What the session's worker runs. */
    interface Body<T> {
        @Nullable
        T run(Step<T> step);
    }

    private enum State {
        LINED_UP,
        AT_GATE,
        READY,
        RUNNING,
        DONE,
        DROPPED
    }

    private static final Set<State> NOT_BEGUN =
            Collections.unmodifiableSet(EnumSet.of(State.LINED_UP, State.AT_GATE, State.READY));

    private final LocalSession session;
    private final Limits limits;
    private final BooleanSupplier needsGate;
    private final Body<T> body;
    private final MonoSink<T> sink;
    private final Stoppable stoppable;
    private final Disposable.Swap lockWaitTimer = Disposables.swap();
    private State state = State.LINED_UP;
    private volatile Gate.@Nullable Turn lineTurn;
    private volatile Gate.@Nullable Turn gateTurn;

    /**
     * A step that waits nowhere yet.
     *
     * @param needsGate asked when the step is at the head of the session's line, and so knows what came before it
     */
    Step(LocalSession session, Limits limits, BooleanSupplier needsGate, Body<T> body, MonoSink<T> sink) {
        this.session = session;
        this.limits = limits;
        this.needsGate = needsGate;
        this.body = body;
        this.sink = sink;
        this.stoppable = session.stoppable();
    }

    Limits limits() {
        return limits;
    }

    /** By which the running step is stopped. */
    Stoppable stoppable() {
        return stoppable;
    }

    /** Lines up. */
    void start() {
        Gate.Turn turn = session.line().enter(this::atHead);
        lineTurn = turn;
        if (is(State.DROPPED)) {
            turn.leave();
        }
    }

    private void atHead(Gate.Turn turn) {
        lineTurn = turn;
        if (!move(State.LINED_UP, State.AT_GATE)) {
            turn.leave();
            return;
        }
        if (!session.atHead(this)) {
            close();
        } else if (needsGate.getAsBoolean()) {
            Gate.Turn gate = session.writers().enter(this::letIn);
            watchLockWait(gate);
        } else {
            hand();
        }
    }

    private void watchLockWait(Gate.Turn gate) {
        State found;
        synchronized (this) {
            found = state;
            if (found == State.AT_GATE) {
                gateTurn = gate;
            }
        }
        if (found == State.AT_GATE) {
            startLockWaitTimer();
        } else if (found == State.DROPPED) {
            gate.leave();
        }
    }

    private void startLockWaitTimer() {
        long entries = session.writers().entries();
        Disposable timer = Schedulers.parallel()
                .schedule(() -> lockWaitOver(entries), Limits.nanos(limits.lockWait()), TimeUnit.NANOSECONDS);
        lockWaitTimer.update(timer); // disposes of it if the step was let in meanwhile
    }

    private void lockWaitOver(long entriesThen) {
        if (!limits.strict() && session.writers().entries() != entriesThen) {
            startLockWaitTimer();
        } else if (drop(EnumSet.of(State.AT_GATE))) {
            publish(null, session.errors().lockWaitOver(limits.lockWait()));
        }
    }

    private void letIn(Gate.Turn turn) {
        gateTurn = turn;
        lockWaitTimer.dispose();
        hand();
    }

    private void hand() {
        if (!move(State.AT_GATE, State.READY)) {
            leave();
        } else if (!session.threads().execute(this::run)) {
            close();
        }
    }

    private void run() {
        if (!move(State.READY, State.RUNNING)) {
            return; // whoever ended it has left the gates
        }
        Disposable timer = stoppable.stopAfter(limits.statementTimeout());
        T result = null;
        Throwable error = null;
        try {
            result = body.run(this);
        } catch (Throwable e) {
            error = e;
        } finally {
            timer.dispose();
            move(State.RUNNING, State.DONE);
            leave();
        }
        publish(result, error);
    }

    private void publish(@Nullable T result, @Nullable Throwable error) {
        session.threads().emit(() -> {
            if (error == null) {
                sink.success(result);
            } else {
                sink.error(error);
            }
        });
    }

    /** The turn inside the write gate, which from now on the caller leaves; null if the step needed none. */
    Gate.@Nullable Turn keepGate() {
        Gate.Turn kept = gateTurn;
        gateTurn = null;
        return kept;
    }

    /** Nobody waits for the result: a step that has not begun never runs, one that runs is interrupted. */
    void cancel() {
        if (!drop(NOT_BEGUN)) {
            stoppable.stop(Stoppable.Reason.CANCELLED);
        }
    }

    /** The session is closed: as {@link #cancel()}, and whoever waits is told. */
    void close() {
        if (drop(NOT_BEGUN)) {
            publish(null, session.errors().closed());
        } else {
            stoppable.stop(Stoppable.Reason.CLOSED);
        }
    }

    /** Ends a step that does not run, if it is in one of these states. */
    private boolean drop(Set<State> states) {
        synchronized (this) {
            if (!states.contains(state)) {
                return false;
            }
            state = State.DROPPED;
        }
        lockWaitTimer.dispose();
        leave();
        return true;
    }

    private synchronized boolean move(State from, State to) {
        if (state != from) {
            return false;
        }
        state = to;
        return true;
    }

    private synchronized boolean is(State expected) {
        return state == expected;
    }

    /** The write gate first: the session's next step may need it. */
    private void leave() {
        leave(gateTurn);
        leave(lineTurn);
    }

    private static void leave(Gate.@Nullable Turn turn) {
        if (turn != null) {
            turn.leave();
        }
    }
}
