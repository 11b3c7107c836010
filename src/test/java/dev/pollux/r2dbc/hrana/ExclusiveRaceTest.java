package dev.pollux.r2dbc.hrana;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.Race;
import dev.pollux.testing.Tries;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;

/** One who keeps its turn, some who come, and one who gives up: all who stay get their turn, one at a time. */
class ExclusiveRaceTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration SPREAD = Duration.ofNanos(100_000);

    private final Exclusive exclusive = new Exclusive();

    @Test
    void whoKeepsATurnMakesRoomForWhoeverWaits() {
        Race.repeat(Tries.of(1_000), race -> {
            AtomicInteger inside = new AtomicInteger();
            AtomicInteger overlaps = new AtomicInteger();
            Queue<CompletableFuture<Boolean>> ends = new ConcurrentLinkedQueue<>();
            Disposable.Swap waits = Disposables.swap();

            race.run(
                    SPREAD,
                    () -> ends.add(exclusive.run(this::keeping).next().toFuture()),
                    () -> ends.add(exclusive
                            .run(hold -> counted(inside, overlaps))
                            .next()
                            .toFuture()),
                    () -> waits.update(
                            exclusive.run(hold -> counted(inside, overlaps)).subscribe()),
                    waits::dispose);

            // Whoever is the last to keep a turn is asked for it by this one.
            ends.add(exclusive.run(hold -> counted(inside, overlaps)).next().toFuture());
            for (CompletableFuture<Boolean> end : ends) {
                assertThat(end).succeedsWithin(PATIENCE).isEqualTo(true);
            }
            assertThat(overlaps).hasValue(0);
        });
    }

    private Publisher<Boolean> keeping(Exclusive.Hold hold) {
        AtomicBoolean released = new AtomicBoolean();
        return Mono.fromSupplier(() -> {
            hold.keep(() -> {
                if (released.compareAndSet(false, true)) {
                    hold.release();
                }
            });
            return true;
        });
    }

    private static Mono<Boolean> counted(AtomicInteger inside, AtomicInteger overlaps) {
        return Mono.fromSupplier(() -> {
            overlaps.addAndGet(inside.getAndIncrement());
            inside.decrementAndGet();
            return true;
        });
    }
}
