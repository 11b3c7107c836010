package dev.pollux.r2dbc.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class GateTest {

    private final Gate gate = new Gate();
    private final List<String> entered = new ArrayList<>();

    private Gate.Turn enter(String name) {
        return gate.enter(turn -> entered.add(name));
    }

    @Test
    void aFreeGateIsEnteredAtOnce() {
        enter("a");
        assertThat(entered).containsExactly("a");
        assertThat(gate.entries()).isEqualTo(1);
    }

    @Test
    void turnsComeInOrder() {
        Gate.Turn a = enter("a");
        Gate.Turn b = enter("b");
        enter("c");
        assertThat(entered).containsExactly("a");
        a.leave();
        assertThat(entered).containsExactly("a", "b");
        b.leave();
        assertThat(entered).containsExactly("a", "b", "c");
    }

    @Test
    void aTurnThatLeavesTheLineNeverEnters() {
        Gate.Turn a = enter("a");
        Gate.Turn b = enter("b");
        enter("c");
        b.leave();
        a.leave();
        assertThat(entered).containsExactly("a", "c");
        assertThat(gate.entries()).isEqualTo(2);
    }

    @Test
    void leavingTwiceLetsInOne() {
        Gate.Turn a = enter("a");
        enter("b");
        enter("c");
        a.leave();
        a.leave();
        assertThat(entered).containsExactly("a", "b");
    }

    @Test
    void aTurnMayLeaveAsItEnters() {
        gate.enter(Gate.Turn::leave);
        enter("b");
        assertThat(entered).containsExactly("b");
    }

    @Test
    void aLongLineThatLeavesAtOnceCostsNoStack() {
        AtomicInteger passed = new AtomicInteger();
        Gate.Turn first = enter("first");
        for (int i = 0; i < 200_000; i++) {
            gate.enter(turn -> {
                passed.incrementAndGet();
                turn.leave();
            });
        }
        first.leave();
        assertThat(passed).hasValue(200_000);
    }

    @Test
    void oneTurnIsInsideAtATimeHoweverManyThreadsEnterAndLeave() throws InterruptedException {
        int threads = 8;
        int turns = 5_000;
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch left = new CountDownLatch(threads * turns);
        ExecutorService enterers = Executors.newFixedThreadPool(threads);
        ExecutorService workers = Executors.newFixedThreadPool(threads);
        try {
            for (int t = 0; t < threads; t++) {
                enterers.execute(() -> {
                    for (int i = 0; i < turns; i++) {
                        gate.enter(turn -> workers.execute(() -> {
                            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                            inside.decrementAndGet();
                            turn.leave();
                            left.countDown();
                        }));
                    }
                });
            }
            assertThat(left.await(30, TimeUnit.SECONDS)).isTrue();
            assertThat(most).hasValue(1);
        } finally {
            enterers.shutdownNow();
            workers.shutdownNow();
        }
    }

    @Test
    void aTurnThatLeavesWhileItIsLetInPassesTheGateOn() throws InterruptedException {
        ExecutorService other = Executors.newSingleThreadExecutor();
        try {
            for (int i = 0; i < 2_000; i++) {
                Gate raced = new Gate();
                Gate.Turn holder = raced.enter(turn -> {});
                Gate.Turn cancelled = raced.enter(turn -> {});
                CountDownLatch last = new CountDownLatch(1);
                raced.enter(turn -> last.countDown());
                other.execute(cancelled::leave);
                holder.leave();
                assertThat(last.await(30, TimeUnit.SECONDS)).isTrue();
            }
        } finally {
            other.shutdownNow();
        }
    }
}
