package dev.pollux.r2dbc.transport;

import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An asynchronous lock, first come first served: no thread ever waits in it.
 *
 * <p>Races: {@link Turn#leave()} is legal in every state and decided under the monitor, so a turn that is cancelled
 * while the gate is handed to it either never enters, or enters and passes the gate on when it leaves.
 */
public final class Gate {

    private final ArrayDeque<Turn> line = new ArrayDeque<>();
    private @Nullable Turn inside;

    /** One caller's place: in the line, inside, or gone. */
    public final class Turn {
        private final Consumer<Turn> entered;

        private Turn(Consumer<Turn> entered) {
            this.entered = entered;
        }

        /** Leaves the line or the gate, and lets the next in if this turn was inside. Idempotent. */
        public void leave() {
            Turn next;
            synchronized (Gate.this) {
                if (inside != this) {
                    line.remove(this);
                    return;
                }
                next = line.poll();
                inside = next;
            }
            if (next != null) {
                next.entered.accept(next);
            }
        }
    }

    /**
     * Lines up.
     *
     * @param entered told once, when the turn is inside: at once on this thread if the gate is free, otherwise on the
     *     thread of whoever leaves. It must only hand work on: it must not block or throw.
     * @return the place, whose {@link Turn#leave()} must be called in the end
     */
    public Turn enter(Consumer<Turn> entered) {
        Turn turn = new Turn(entered);
        synchronized (this) {
            if (inside != null) {
                line.add(turn);
                return turn;
            }
            inside = turn;
        }
        entered.accept(turn);
        return turn;
    }
}
