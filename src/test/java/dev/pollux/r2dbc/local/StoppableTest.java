package dev.pollux.r2dbc.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class StoppableTest {

    private final AtomicInteger interrupts = new AtomicInteger();
    private final CountDownLatch several = new CountDownLatch(3);
    private final Stoppable stoppable = new Stoppable(() -> {
        interrupts.incrementAndGet();
        several.countDown();
    });

    @Test
    void workThatIsNotInsideIsNotInterrupted() throws SQLException {
        assertThat(stoppable.<Integer>run(() -> 1)).isEqualTo(1);
        stoppable.stop(Stoppable.Reason.CANCELLED);
        assertThat(interrupts).hasValue(0);
    }

    @Test
    void workThatWasStoppedBeforeDoesNotRun() {
        stoppable.stop(Stoppable.Reason.TIMED_OUT);
        assertThatThrownBy(() -> stoppable.run(() -> {
                    throw new AssertionError("ran");
                }))
                .isInstanceOf(Stoppable.StoppedException.class);
        assertThat(interrupts).hasValue(0);
    }

    @Test
    void workIsInterruptedUntilItNoticesAndNoLonger() throws Exception {
        assertThat(stoppable.<Boolean>run(() -> {
                    stoppable.stop(Stoppable.Reason.CANCELLED);
                    stoppable.stop(Stoppable.Reason.CLOSED);
                    try {
                        return several.await(30, TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                }))
                .isTrue();
        int atTheEnd = interrupts.get();
        CountDownLatch later = new CountDownLatch(1);
        Stoppable other = new Stoppable(later::countDown);
        other.run(() -> {
            other.stopAfter(Duration.ofMillis(20));
            try {
                return later.await(30, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        assertThat(interrupts).hasValue(atTheEnd);
        assertThat(stoppable.reason()).isEqualTo(Stoppable.Reason.CANCELLED);
        assertThat(other.reason()).isEqualTo(Stoppable.Reason.TIMED_OUT);
    }
}
