package dev.pollux.r2dbc.local;

import static dev.pollux.r2dbc.local.Database.WAIT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Hooks;
import reactor.core.scheduler.Schedulers;

class SessionThreadsTest {

    private final SessionThreads threads = new SessionThreads();

    @AfterEach
    void finish() {
        threads.finish(() -> {});
    }

    @Test
    void tasksRunInOrderOnThreadsThatMustNotBlock() {
        List<Integer> order = Collections.synchronizedList(new ArrayList<>());
        CompletableFuture<Boolean> last = new CompletableFuture<>();
        for (int i = 0; i < 100; i++) {
            int number = i;
            assertThat(threads.execute(() -> order.add(number))).isTrue();
        }
        threads.finish(() -> last.complete(
                Schedulers.isInNonBlockingThread() && Thread.currentThread().isDaemon()));
        assertThat(last).succeedsWithin(WAIT).isEqualTo(true);
        assertThat(order).hasSize(100).isSorted();
    }

    @Test
    void nothingComesAfterTheLastTask() {
        CompletableFuture<Void> last = new CompletableFuture<>();
        threads.finish(() -> last.complete(null));
        threads.finish(() -> last.completeExceptionally(new AssertionError("twice")));
        assertThat(threads.execute(() -> last.completeExceptionally(new AssertionError("too late"))))
                .isFalse();
        assertThat(last).succeedsWithin(WAIT);
    }

    @Test
    void signalsStillComeAfterTheLastTask() {
        CompletableFuture<Void> last = new CompletableFuture<>();
        threads.finish(() -> last.complete(null));
        assertThat(last).succeedsWithin(WAIT);
        for (int i = 0; i < 100; i++) {
            CompletableFuture<Void> told = new CompletableFuture<>();
            threads.emit(() -> told.complete(null));
            assertThat(told).succeedsWithin(WAIT);
        }
    }

    @Test
    void whatFailsCostsNobodyElse() {
        List<String> dropped = Collections.synchronizedList(new ArrayList<>());
        CompletableFuture<Void> next = new CompletableFuture<>();
        Hooks.onErrorDropped(error -> dropped.add(error.getMessage()));
        try {
            threads.execute(() -> {
                throw new IllegalStateException("a bug of ours");
            });
            threads.execute(() -> threads.emit(() -> {
                throw new IllegalStateException("a bug of theirs");
            }));
            threads.execute(() -> threads.emit(() -> next.complete(null)));
            assertThat(next).succeedsWithin(WAIT);
            assertThat(dropped).containsExactly("a bug of ours", "a bug of theirs");
        } finally {
            Hooks.resetOnErrorDropped();
        }
    }

    @Test
    void whatIsAcceptedWhileTheSessionFinishesRunsAndWhatIsRefusedDoesNot() throws InterruptedException {
        for (int round = 0; round < 500; round++) {
            SessionThreads finishing = new SessionThreads();
            AtomicInteger accepted = new AtomicInteger();
            AtomicInteger ran = new AtomicInteger();
            CompletableFuture<Void> last = new CompletableFuture<>();
            Thread producer = new Thread(() -> {
                while (finishing.execute(ran::incrementAndGet)) {
                    accepted.incrementAndGet();
                }
            });
            producer.start();
            finishing.finish(() -> last.complete(null));
            producer.join();
            assertThat(last).succeedsWithin(WAIT);
            assertThat(ran).hasValue(accepted.get());
        }
    }

    @Test
    void signalsComeInOrder() {
        List<Integer> order = Collections.synchronizedList(new ArrayList<>());
        CompletableFuture<Void> last = new CompletableFuture<>();
        for (int i = 0; i < 1_000; i++) {
            int number = i;
            threads.emit(() -> order.add(number));
        }
        threads.emit(() -> last.complete(null));
        assertThat(last).succeedsWithin(WAIT);
        assertThat(order).hasSize(1_000).isSorted();
    }

    @Test
    void tasksAndSignalsOfManyThreadsComeOneAtATimeAndNoneIsLost() {
        int callers = 4;
        int each = 20_000;
        Alone tasks = new Alone();
        AtomicInteger signals = new AtomicInteger();
        CompletableFuture<Void> all = new CompletableFuture<>();
        for (int i = 0; i < callers; i++) {
            Thread caller = new Thread(() -> {
                for (int n = 0; n < each; n++) {
                    threads.execute(() -> {
                        tasks.run();
                        threads.emit(() -> {
                            if (signals.incrementAndGet() == callers * each) {
                                all.complete(null);
                            }
                        });
                    });
                }
            });
            caller.start();
        }
        assertThat(all).succeedsWithin(WAIT);
        assertThat(tasks.runs).hasValue(callers * each);
        assertThat(tasks.overlaps).hasValue(0);
    }

    /** Something that must not be run by two threads at once. */
    private static final class Alone implements Runnable {
        private final AtomicBoolean busy = new AtomicBoolean();
        private final AtomicInteger overlaps = new AtomicInteger();
        private final AtomicInteger runs = new AtomicInteger();

        @Override
        public void run() {
            overlaps.addAndGet(busy.getAndSet(true) ? 1 : 0);
            runs.incrementAndGet();
            busy.set(false);
        }
    }

    @Test
    void aSubscriberThatTakesLongKeepsTheOthersWaitingOnlyUntilItIsRelieved() {
        AtomicBoolean over = new AtomicBoolean();
        CompletableFuture<Void> back = new CompletableFuture<>();
        threads.emit(() -> {
            while (!over.get()) {
                Thread.onSpinWait();
            }
            back.complete(null);
        });
        CompletableFuture<Void> next = new CompletableFuture<>();
        CompletableFuture<Void> afterTask = new CompletableFuture<>();
        threads.emit(() -> next.complete(null));
        threads.execute(() -> threads.emit(() -> afterTask.complete(null)));
        try {
            assertThat(next).succeedsWithin(WAIT);
            assertThat(afterTask).succeedsWithin(WAIT);
            assertThat(back).isNotDone();
        } finally {
            over.set(true);
        }
        assertThat(back).succeedsWithin(WAIT);

        CompletableFuture<Void> last = new CompletableFuture<>();
        threads.emit(() -> last.complete(null));
        assertThat(last).succeedsWithin(WAIT);
    }

    /** They wait before anybody has come to speak. */
    @Test
    void aSubscriberThatTakesLongDoesNotKeepThoseWhoWereThereBefore() {
        for (int i = 0; i < 20; i++) {
            AtomicBoolean over = new AtomicBoolean();
            CompletableFuture<Void> next = new CompletableFuture<>();
            SessionThreads fresh = new SessionThreads();
            fresh.execute(() -> {
                fresh.emit(() -> {
                    while (!over.get()) {
                        Thread.onSpinWait();
                    }
                });
                fresh.emit(() -> next.complete(null));
            });
            try {
                assertThat(next).succeedsWithin(WAIT);
            } finally {
                over.set(true);
                fresh.finish(() -> {});
            }
        }
    }

    @Test
    void aRelievedSubscriberAndItsReliefNeverRunTheSameSignal() {
        int signals = 20_000;
        AtomicInteger ran = new AtomicInteger();
        CompletableFuture<Void> all = new CompletableFuture<>();
        for (int i = 0; i < signals; i++) {
            boolean slow = i % 100 == 0;
            threads.emit(() -> {
                long until = System.nanoTime() + (slow ? 2_000_000 : 0);
                while (System.nanoTime() < until) {
                    Thread.onSpinWait();
                }
                if (ran.incrementAndGet() == signals) {
                    all.complete(null);
                }
            });
        }
        assertThat(all).succeedsWithin(WAIT);
        assertThat(ran).hasValue(signals);
    }

    /** At first the session waits for the subscriber in vain, and from then on has another thread at hand. */
    @Test
    void aTaskThatASubscriberWaitsForRunsMeanwhile() {
        for (int i = 0; i < 3; i++) {
            CompletableFuture<Void> back = new CompletableFuture<>();
            threads.execute(() -> threads.emit(() -> {
                AtomicBoolean ran = new AtomicBoolean();
                threads.execute(() -> ran.set(true));
                while (!ran.get()) {
                    Thread.onSpinWait();
                }
                back.complete(null);
            }));
            assertThat(back).succeedsWithin(WAIT);
        }
    }

    /** Another thread may help where a step takes a millisecond, as on a machine that has much else to do. */
    @Test
    void whoAsksForOneThingAtATimeIsServedByOneThread() {
        List<Thread> ran = Collections.synchronizedList(new ArrayList<>());
        CompletableFuture<Void> last = new CompletableFuture<>();
        threads.execute(new Runnable() {
            @Override
            public void run() {
                ran.add(Thread.currentThread());
                threads.emit(() -> {
                    ran.add(Thread.currentThread());
                    if (ran.size() < 2_000) {
                        threads.execute(this);
                    } else {
                        last.complete(null);
                    }
                });
            }
        });
        assertThat(last).succeedsWithin(WAIT);
        int hops = 0;
        for (int i = 1; i < ran.size(); i++) {
            hops += ran.get(i) == ran.get(i - 1) ? 0 : 1;
        }
        assertThat(hops).isLessThan(ran.size() / 4);
    }

    @Test
    void aTaskIsNotInterruptedByWhatASubscriberHasDone() {
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        threads.execute(() -> threads.emit(() -> {
            threads.execute(() -> interrupted.complete(Thread.currentThread().isInterrupted()));
            Thread.currentThread().interrupt();
        }));
        assertThat(interrupted).succeedsWithin(WAIT).isEqualTo(false);
    }

    @Test
    void aSessionThatNobodyUsesHoldsNoThread() {
        CompletableFuture<Thread> ran = new CompletableFuture<>();
        threads.execute(() -> threads.emit(() -> ran.complete(Thread.currentThread())));
        Thread thread = ran.join();
        assertTimeoutPreemptively(WAIT, () -> {
            while (Arrays.stream(thread.getStackTrace())
                    .anyMatch(frame -> frame.getClassName().equals(SessionThreads.class.getName()))) {
                Thread.onSpinWait();
            }
        });
        CompletableFuture<Void> again = new CompletableFuture<>();
        threads.execute(() -> again.complete(null));
        assertThat(again).succeedsWithin(WAIT);
    }
}
