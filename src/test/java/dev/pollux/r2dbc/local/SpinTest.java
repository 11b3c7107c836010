package dev.pollux.r2dbc.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SpinTest {

    private final Spin spin = new Spin();
    private final AtomicInteger looks = new AtomicInteger();

    private boolean nothing() {
        looks.incrementAndGet();
        return false;
    }

    private boolean something() {
        looks.incrementAndGet();
        return true;
    }

    @Test
    void whatIsThereIsSeenAtOnce() {
        assertThat(spin.finds(this::something)).isTrue();
        assertThat(looks).hasValue(1);
    }

    @Test
    void theLooksInVainBecomeRare() {
        int longLooks = 0;
        for (int i = 0; i < 1_000; i++) {
            looks.set(0);
            assertThat(spin.finds(this::nothing)).isFalse();
            longLooks += looks.get() > 1 ? 1 : 0;
        }
        assertThat(longLooks).isBetween(0, 24);
    }

    @Test
    void workThatComesAfterManyVainLooksIsStillSeen() {
        for (int i = 0; i < 1_000; i++) {
            spin.finds(this::nothing);
        }
        assertThat(spin.finds(this::something)).isTrue();
    }
}
