package dev.pollux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.Race;
import dev.pollux.testing.Tries;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/** Rings against those who begin and end to wait. */
class DoorbellRaceTest {

    private static final Duration SPREAD = Duration.ofNanos(20_000);

    private final Doorbell doorbell = new Doorbell(Duration.ofHours(1), Mono::empty);

    @Test
    void aRingWakesOnceWhoeverHadLookedBefore() {
        Race.repeat(Tries.of(1_000), race -> {
            AtomicInteger woken = new AtomicInteger();
            Doorbell.Known known = doorbell.known();
            race.run(SPREAD, doorbell::ring, () -> doorbell.await(known, woken::incrementAndGet), doorbell::changed);
            assertThat(woken).hasValue(1);
        });
    }

    @Test
    void whoEndsToWaitIsWokenOnceOrNever() {
        Race.repeat(Tries.of(1_000), race -> {
            AtomicInteger woken = new AtomicInteger();
            AtomicInteger other = new AtomicInteger();
            Disposable wait = doorbell.await(doorbell.known(), woken::incrementAndGet);
            doorbell.await(doorbell.known(), other::incrementAndGet);
            race.run(SPREAD, doorbell::ring, doorbell::ring, wait::dispose);
            assertThat(woken).hasValueBetween(0, 1);
            assertThat(other).hasValue(1);
        });
    }
}
