package dev.pollux.r2dbc.hrana;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

/** How long writes stay away from a server, in virtual time. */
class PacerTest {

    private VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private Pacer pacer = new Pacer();

    @BeforeEach
    void stopTime() {
        time = VirtualTimeScheduler.getOrSet();
        pacer = new Pacer();
    }

    @AfterEach
    void letTimeGoOn() {
        VirtualTimeScheduler.reset();
    }

    private void assertPause(Duration least, Duration most) {
        StepVerifier.create(pacer.turn().thenReturn(true))
                .expectSubscription()
                .then(() -> time.advanceTimeBy(least.minusNanos(1)))
                .expectNoEvent(Duration.ZERO)
                .then(() -> time.advanceTimeBy(most.minus(least).plusNanos(1)))
                .expectNext(true)
                .verifyComplete();
    }

    private void assertNoPause() {
        StepVerifier.create(pacer.turn()).verifyComplete();
    }

    @Test
    void aWriteThatDidNotWaitIsFollowedByTheNextAtOnce() {
        assertNoPause();
        pacer.waited(Duration.ZERO);
        assertNoPause();
        pacer.waited(Duration.ofNanos(40_000));
        assertNoPause();
    }

    @Test
    void aWriteThatWaitedIsFollowedByTheNextAfterSixteenTimesThatGiveOrTakeHalf() {
        pacer.waited(Duration.ofMillis(10));
        assertPause(Duration.ofMillis(80), Duration.ofMillis(240));
        assertNoPause();
    }

    @Test
    void noPauseIsLongerThanThreeSeconds() {
        pacer.waited(Duration.ofDays(100));
        assertPause(Duration.ofSeconds(1), Duration.ofSeconds(3));
    }
}
