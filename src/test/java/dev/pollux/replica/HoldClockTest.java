package dev.pollux.replica;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.CapturedLog;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

/** When tasks are frozen, in virtual time. */
class HoldClockTest {

    private final AtomicInteger freezes = new AtomicInteger();
    private VirtualTimeScheduler time = VirtualTimeScheduler.create();

    @BeforeEach
    void stopTheTime() {
        time = VirtualTimeScheduler.getOrSet();
    }

    @AfterEach
    void letItGoOn() {
        VirtualTimeScheduler.reset();
    }

    private HoldClock clock() {
        return new HoldClock(Duration.ofSeconds(60), () -> Mono.fromRunnable(freezes::incrementAndGet));
    }

    private void pass(int seconds) {
        time.advanceTimeBy(Duration.ofSeconds(seconds));
    }

    @Test
    void eachAnswerBeginsTheTimeAnewWhereItWasAskedFor() {
        HoldClock clock = clock();
        clock.renew(System.nanoTime());
        pass(50);
        clock.renew(System.nanoTime());
        pass(50);
        assertThat(freezes).hasValue(0);

        clock.renew(System.nanoTime() - Duration.ofSeconds(55).toNanos());
        pass(5);

        assertThat(freezes).hasValue(1);
    }

    @Test
    void whatIsFrozenIsLookedAfterEverySecondUntilAnAnswerComes() {
        HoldClock clock = clock();
        clock.renew(System.nanoTime());
        pass(65);
        assertThat(freezes).hasValueBetween(5, 6);

        clock.renew(System.nanoTime());
        int before = freezes.get();
        pass(50);

        assertThat(freezes).hasValue(before);
    }

    @Test
    void whoseLastAnswerNobodyKnowsIsFrozenFromTheStart() {
        HoldClock clock = clock();

        clock.freeze().block();
        pass(3);

        assertThat(freezes).hasValue(4);
    }

    @Test
    void whatCannotBeFrozenIsTriedAgainAndSaidOnce() {
        try (CapturedLog log = CapturedLog.of(HoldClock.class.getName())) {
            HoldClock clock = new HoldClock(
                    Duration.ofSeconds(60),
                    () -> freezes.incrementAndGet() == 3
                            ? Mono.empty()
                            : Mono.error(new IllegalStateException("the disk is full")));
            clock.renew(System.nanoTime());
            pass(61);
            pass(1);
            assertThat(log.texts()).hasSize(1).first().asString().contains("could not be put out of reach");

            pass(2);
            assertThat(log.texts()).as("it was better in between").hasSize(2);
        }
    }

    @Test
    void whoIsStoppedFreezesNothing() {
        HoldClock clock = clock();
        clock.renew(System.nanoTime());

        clock.stop();
        pass(100);

        assertThat(freezes).hasValue(0);
    }
}
