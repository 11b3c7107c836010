package dev.pollux.r2dbc.transport;

import java.util.LinkedHashSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An asynchronous lock, first come first served: no thread ever waits in it.
 *
 * <p>Races: {@link Turn#leave()} is legal in every state and decided under the monitor, so a turn that is cancelled
 * while the gate is handed to it either never enters, or enters and passes the gate on when it leaves.
 *
 * <p>Turns are let in by a loop, not by recursion, so a long line whose turns all leave at once costs no stack.
 */
public final class Gate {

    /** Those who wait, in order; leaving out of order is as cheap as leaving from the head. */
    private final LinkedHashSet<Turn> line = new LinkedHashSet<>();

    private @Nullable Turn inside;
    private boolean lettingIn;
    private long entries;

    /** One caller's place: in the line, inside, or gone. */
    public final class Turn {
        private final Consumer<Turn> entered;

        private Turn(Consumer<Turn> entered) {
            this.entered = entered;
        }

        /** Leaves the line or the gate, and lets the next in if this turn was inside. Idempotent. */
        public void leave() {
            synchronized (Gate.this) {
                if (inside != this) {
                    line.remove(this);
                    return;
                }
                inside = null;
            }
            letIn();
        }
    }

    /**
     * Lines up.
     *
     * @param entered told once, when the turn is inside: at once on this thread if the gate is free, otherwise on the
     *     thread of whoever leaves, or of whoever is letting others in at that moment. It must only hand work on: it
     *     must not block or throw.
     * @return the place, whose {@link Turn#leave()} must be called in the end
     */
    public Turn enter(Consumer<Turn> entered) {
        Turn turn = new Turn(entered);
        boolean free;
        synchronized (this) {
            free = inside == null && line.isEmpty() && !lettingIn;
            if (free) {
                inside = turn;
                entries++;
            } else {
                line.add(turn);
            }
        }
        if (free) {
            entered.accept(turn);
        } else {
            letIn();
        }
        return turn;
    }

    /** How many turns have been inside so far: a waiter can tell a line that moves from one that is stuck. */
    public synchronized long entries() {
        return entries;
    }

    private void letIn() {
        synchronized (this) {
            if (lettingIn) {
                return; // whoever is in the loop below looks again after its call
            }
            lettingIn = true;
        }
        while (true) {
            Turn next;
            synchronized (this) {
                if (inside != null || line.isEmpty()) {
                    lettingIn = false;
                    return;
                }
                next = line.iterator().next();
                line.remove(next);
                inside = next;
                entries++;
            }
            next.entered.accept(next);
        }
    }
}
