package dev.pollux.r2dbc.local;

import static dev.pollux.r2dbc.local.Database.WAIT;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Hooks;
import reactor.core.scheduler.Schedulers;

class EmitterTest {

    private final Emitter emitter = new Emitter(new Spin(), () -> {});

    @Test
    void signalsComeInOrderOnAReactorThread() {
        List<Integer> order = new ArrayList<>();
        CompletableFuture<Boolean> last = new CompletableFuture<>();
        for (int i = 0; i < 1_000; i++) {
            int number = i;
            emitter.emit(() -> order.add(number));
        }
        emitter.emit(() -> last.complete(Schedulers.isInNonBlockingThread()));
        assertThat(last).succeedsWithin(WAIT).isEqualTo(true);
        assertThat(order).hasSize(1_000).isSorted();
    }

    @Test
    void signalsOfManyThreadsComeOneAtATimeAndNoneIsLost() {
        int threads = 4;
        int each = 20_000;
        AtomicBoolean busy = new AtomicBoolean();
        AtomicInteger overlaps = new AtomicInteger();
        AtomicInteger count = new AtomicInteger();
        CompletableFuture<Void> all = new CompletableFuture<>();
        for (int i = 0; i < threads; i++) {
            Thread thread = new Thread(() -> {
                for (int n = 0; n < each; n++) {
                    emitter.emit(() -> {
                        overlaps.addAndGet(busy.getAndSet(true) ? 1 : 0);
                        busy.set(false);
                        if (count.incrementAndGet() == threads * each) {
                            all.complete(null);
                        }
                    });
                }
            });
            thread.start();
        }
        assertThat(all).succeedsWithin(WAIT);
        assertThat(overlaps).hasValue(0);
    }

    @Test
    void aSubscriberThatThrowsCostsNobodyElseHisSignal() {
        CompletableFuture<Throwable> dropped = new CompletableFuture<>();
        CompletableFuture<Void> next = new CompletableFuture<>();
        Hooks.onErrorDropped(dropped::complete);
        try {
            emitter.emit(() -> {
                throw new IllegalStateException("a bug");
            });
            emitter.emit(() -> next.complete(null));
            assertThat(next).succeedsWithin(WAIT);
            assertThat(dropped).isCompletedWithValueMatching(e -> "a bug".equals(e.getMessage()));
        } finally {
            Hooks.resetOnErrorDropped();
        }
    }

    @Test
    void aSubscriberThatTakesLongKeepsTheOthersWaitingOnlyUntilItIsRelieved() {
        AtomicBoolean over = new AtomicBoolean();
        AtomicInteger ran = new AtomicInteger();
        CompletableFuture<Void> back = new CompletableFuture<>();
        emitter.emit(() -> {
            while (!over.get()) {
                Thread.onSpinWait();
            }
            back.complete(null);
        });
        CompletableFuture<Void> next = new CompletableFuture<>();
        emitter.emit(() -> next.complete(null));
        try {
            assertThat(emitter.watch()).isPositive();
            assertThat(next).isNotDone();
            watchUntil(next);
        } finally {
            over.set(true);
        }
        assertThat(back).succeedsWithin(WAIT);

        CompletableFuture<Void> last = new CompletableFuture<>();
        for (int i = 0; i < 1_000; i++) {
            emitter.emit(ran::incrementAndGet);
        }
        emitter.emit(() -> last.complete(null));
        assertThat(last).succeedsWithin(WAIT);
        assertThat(ran).hasValue(1_000);
        assertThat(emitter.watch()).isZero();
    }

    /** Looks as the session thread does, which parks meanwhile. */
    private void watchUntil(CompletableFuture<Void> done) {
        assertThat(CompletableFuture.runAsync(() -> {
                    while (!done.isDone()) {
                        LockSupport.parkNanos(emitter.watch());
                    }
                }))
                .succeedsWithin(WAIT);
    }

    @Test
    void aRelievedSubscriberAndItsReliefNeverRunTheSameSignal() {
        int signals = 20_000;
        AtomicInteger ran = new AtomicInteger();
        CompletableFuture<Void> all = new CompletableFuture<>();
        for (int i = 0; i < signals; i++) {
            boolean slow = i % 100 == 0;
            emitter.emit(() -> {
                long until = System.nanoTime() + (slow ? 1_000_000 : 0);
                while (System.nanoTime() < until) {
                    Thread.onSpinWait();
                }
                if (ran.incrementAndGet() == signals) {
                    all.complete(null);
                }
            });
        }
        watchUntil(all);
        assertThat(ran).hasValue(signals);
    }

    /** Its own signals never end, and still a timer on each of the scheduler's threads runs. */
    @Test
    void aBusySessionLetsTheSchedulersOtherTasksRun() {
        AtomicBoolean stop = new AtomicBoolean();
        emitter.emit(new Runnable() {
            @Override
            public void run() {
                if (!stop.get()) {
                    emitter.emit(this);
                }
            }
        });
        List<CompletableFuture<Void>> tasks = new ArrayList<>();
        for (int i = 0; i < Schedulers.DEFAULT_POOL_SIZE; i++) {
            CompletableFuture<Void> task = new CompletableFuture<>();
            Schedulers.parallel().schedule(() -> task.complete(null));
            tasks.add(task);
        }
        try {
            assertThat(tasks).allSatisfy(task -> assertThat(task).succeedsWithin(WAIT));
        } finally {
            stop.set(true);
        }
    }
}
