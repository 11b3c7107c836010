package dev.pollux.r2dbc.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SpinTest {

    /** Counts how often it is looked into. */
    private static final class Watched extends ArrayDeque<String> {
        private static final long serialVersionUID = 1L;
        private final AtomicInteger looks = new AtomicInteger();

        @Override
        public boolean isEmpty() {
            looks.incrementAndGet();
            return super.isEmpty();
        }
    }

    private final Spin spin = new Spin();

    @Test
    void whatIsThereIsSeenAtOnce() {
        Watched queue = new Watched();
        queue.add("work");
        assertThat(spin.fills(queue)).isTrue();
        assertThat(queue.looks).hasValue(1);
    }

    @Test
    void theLooksInVainBecomeRare() {
        Watched queue = new Watched();
        int longLooks = 0;
        for (int i = 0; i < 1_000; i++) {
            queue.looks.set(0);
            assertThat(spin.fills(queue)).isFalse();
            longLooks += queue.looks.get() > 1 ? 1 : 0;
        }
        assertThat(longLooks).isBetween(0, 24);
    }

    @Test
    void workThatComesAfterManyVainLooksIsStillSeen() {
        Queue<String> queue = new ArrayDeque<>();
        for (int i = 0; i < 1_000; i++) {
            spin.fills(queue);
        }
        queue.add("work");
        assertThat(spin.fills(queue)).isTrue();
    }
}
