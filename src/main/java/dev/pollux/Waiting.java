package dev.pollux;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import reactor.core.Exceptions;

/**
 * A step with its caller. The result is settled on the lane, in order, before the next turn starts; the caller hears
 * of it apart from the lane, so that its code does not hold that up.
 */
final class Waiting<V, R> {

    final Step<V, R> step;
    private final Caller<R> caller;
    private final long since = System.nanoTime();

    private volatile boolean cancelled;
    private boolean repeated;
    private int tries;
    private final AtomicBoolean told = new AtomicBoolean();
    private boolean settled;
    private @Nullable R result;
    private @Nullable Throwable error;

    Waiting(Step<V, R> step, Caller<R> caller) {
        this.step = step;
        this.caller = caller;
    }

    void cancel() {
        cancelled = true;
    }

    boolean isCancelled() {
        return cancelled;
    }

    /** About how many characters it adds to the turn's arguments. */
    int size() {
        int chars = step.element() == null ? 0 : step.element().size();
        for (Object argument : step.arguments().values()) {
            chars += argument instanceof String text ? text.length() : Long.BYTES;
        }
        return chars;
    }

    /** About how many characters all of these add. */
    static int size(List<? extends Waiting<?, ?>> all) {
        return all.stream().mapToInt(Waiting::size).sum();
    }

    void settle(List<V> rows) {
        try {
            result = step.settle().apply(new Step.Rowset<>(rows, repeated));
        } catch (Throwable e) {
            Exceptions.throwIfJvmFatal(e);
            error = e;
        }
        settled = true;
    }

    void fail(Throwable cause) {
        error = cause;
        settled = true;
    }

    /** Whether it has a result or an error, for its caller to hear; otherwise it is to run again. */
    boolean isSettled() {
        return settled;
    }

    /**
     * Notes that a try failed with a fault that may pass.
     *
     * @return whether there is patience left for another; otherwise it has failed
     */
    boolean awaitsAfter(Throwable fault, Duration wait) {
        tries++;
        boolean unknown = Fault.outcomeUnknown(fault);
        repeated |= unknown;
        if (!step.bears(fault)
                || (unknown && !step.repeatable())
                || System.nanoTime() - since + wait.toNanos()
                        > step.patience().get().toNanos()) {
            fail(fault);
            return false;
        }
        return true;
    }

    int tries() {
        return tries;
    }

    /** Tells the caller, once, whose code must not keep the others of the turn from hearing. */
    void emit() {
        if (!told.compareAndSet(false, true)) {
            return;
        }
        try {
            caller.told(result, error);
        } catch (Throwable e) {
            Fault.drop(e, caller.context());
        }
    }
}
