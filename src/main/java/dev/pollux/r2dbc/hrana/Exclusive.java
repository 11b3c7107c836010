package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.transport.FreeThreads;
import dev.pollux.r2dbc.transport.Gate;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Runs publishers one at a time, in the order of their subscription: a {@link Gate} for Reactor.
 *
 * <p>Races: a cancel while the gate is handed over either takes the turn out of the line, or finds it inside and
 * leaves for it; {@link Gate.Turn#leave()} is idempotent, so both may happen. Whoever waits counts itself before it looks
 * whom to ask for room, and whoever keeps a turn says so before it looks for those who wait; so one sees the other.
 */
final class Exclusive {

    private final Gate gate = new Gate();
    private final AtomicInteger waiting = new AtomicInteger();
    private volatile @Nullable Runnable makeRoom;

    /** A turn inside, which ends when all that hold it have let go. */
    final class Hold {
        private final Gate.Turn turn;
        private final AtomicInteger holders = new AtomicInteger(1);

        private Hold(Gate.Turn turn) {
            this.turn = turn;
        }

        /**
         * Keeps the turn beyond the end of the publisher, until one more {@link #release()}.
         *
         * @param whenOthersWait called when others wait for the gate, perhaps several times, on a thread of theirs
         */
        void keep(Runnable whenOthersWait) {
            holders.incrementAndGet();
            makeRoom = whenOthersWait;
            if (waiting.get() > 0) {
                whenOthersWait.run();
            }
        }

        void release() {
            if (holders.decrementAndGet() == 0) {
                makeRoom = null;
                turn.leave();
            }
        }
    }

    /** Runs what {@code body} makes when its turn has come, on a thread of {@link FreeThreads}. */
    <T> Flux<T> run(Function<Hold, Publisher<T>> body) {
        return Flux.usingWhen(
                turn(),
                // Not on the thread of whoever left the gate: a long line of failing work would nest its calls.
                hold -> Flux.defer(() -> body.apply(hold)).subscribeOn(FreeThreads.scheduler()),
                hold -> Mono.fromRunnable(hold::release));
    }

    private Mono<Hold> turn() {
        return Mono.create(sink -> {
            waiting.incrementAndGet();
            AtomicBoolean waits = new AtomicBoolean(true);
            Gate.Turn turn = gate.enter(entered -> {
                stopWaiting(waits);
                sink.success(new Hold(entered));
            });
            sink.onCancel(() -> {
                stopWaiting(waits);
                turn.leave();
            });
            Runnable asked = makeRoom;
            if (asked != null && waits.get()) {
                asked.run();
            }
        });
    }

    private void stopWaiting(AtomicBoolean waits) {
        if (waits.getAndSet(false)) {
            waiting.decrementAndGet();
        }
    }
}
