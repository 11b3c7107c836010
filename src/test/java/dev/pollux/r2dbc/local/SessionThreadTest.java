package dev.pollux.r2dbc.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Hooks;
import reactor.core.scheduler.Schedulers;

class SessionThreadTest {

    @Test
    void tasksRunInOrderOnOneThreadThatIsNoneOfReactors() {
        SessionThread thread = SessionThread.start();
        List<Integer> order = new ArrayList<>();
        CompletableFuture<String> name = new CompletableFuture<>();
        for (int i = 0; i < 100; i++) {
            int number = i;
            assertThat(thread.execute(() -> order.add(number))).isTrue();
        }
        thread.finish(() -> {
            assertThat(Thread.currentThread().isDaemon()).isTrue();
            assertThat(Schedulers.isInNonBlockingThread()).isFalse();
            name.complete(Thread.currentThread().getName());
        });
        assertThat(name).succeedsWithin(Database.WAIT).asString().startsWith("pollux-local-");
        assertThat(order).hasSize(100).isSorted();
    }

    @Test
    void nothingComesAfterTheLastTask() throws InterruptedException {
        SessionThread thread = SessionThread.start();
        CompletableFuture<Thread> last = new CompletableFuture<>();
        thread.finish(() -> last.complete(Thread.currentThread()));
        thread.finish(() -> last.completeExceptionally(new AssertionError("twice")));
        assertThat(thread.execute(() -> {})).isFalse();
        Thread ran = last.join();
        ran.join(Database.WAIT.toMillis());
        assertThat(ran.isAlive()).isFalse();
    }

    @Test
    void aTaskThatFailsDoesNotEndTheThread() {
        SessionThread thread = SessionThread.start();
        CompletableFuture<Throwable> dropped = new CompletableFuture<>();
        CompletableFuture<Void> next = new CompletableFuture<>();
        Hooks.onErrorDropped(dropped::complete);
        try {
            thread.execute(() -> {
                throw new IllegalStateException("a bug");
            });
            thread.finish(() -> next.complete(null));
            assertThat(next).succeedsWithin(Database.WAIT);
            assertThat(dropped).isCompletedWithValueMatching(e -> "a bug".equals(e.getMessage()));
        } finally {
            Hooks.resetOnErrorDropped();
        }
    }

    @Test
    void whatIsAcceptedWhileTheThreadFinishesRunsAndWhatIsRefusedDoesNot() throws InterruptedException {
        for (int round = 0; round < 500; round++) {
            SessionThread thread = SessionThread.start();
            AtomicInteger accepted = new AtomicInteger();
            AtomicInteger ran = new AtomicInteger();
            CompletableFuture<Thread> last = new CompletableFuture<>();
            Thread producer = new Thread(() -> {
                while (thread.execute(ran::incrementAndGet)) {
                    accepted.incrementAndGet();
                }
            });
            producer.start();
            thread.finish(() -> last.complete(Thread.currentThread()));
            producer.join();
            last.join().join();
            assertThat(ran).hasValue(accepted.get());
        }
    }
}
