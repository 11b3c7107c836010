package dev.pollux;

import dev.pollux.testing.Events;
import dev.pollux.testing.ScriptedDatabase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** Races of a poll, each reproduced by holding one thread at the place where it loses. */
class PollRaceTest {

    private static final String QUEUE = "email";

    private final Events events = new Events();

    /** The poll goes to wait, a ring comes, and the fetch that it starts is over before the first wait has begun. */
    @Test
    void aRingWhileAPollIsGoingToWaitDoesNotStallIt() {
        // Threads enough that the second fetch can end while the first one's is held, on a machine of one core too.
        Schedulers.setFactory(new Schedulers.Factory() {
            @Override
            public Scheduler newParallel(int parallelism, ThreadFactory threads) {
                return Schedulers.Factory.super.newParallel(Math.max(4, parallelism), threads);
            }
        });
        ScriptedDatabase database =
                new ScriptedDatabase(execution -> execution.nothing().publishOn(Schedulers.parallel()));
        Config config = Config.builder(QUEUE)
                .pollInterval(Duration.ofMillis(500))
                .listener(events)
                .build();
        AtomicBoolean held = new AtomicBoolean();
        Schedulers.onScheduleHook("hold", task -> {
            if (isTheDoorbellsTimer() && held.compareAndSet(false, true)) {
                ring(database);
                fetched(2);
            }
            return task;
        });
        Disposable poll = LibsqlStorage.create(database, Email.class, config)
                .poll(Worker.named("w"))
                .subscribe();
        try {
            fetched(2);
            for (int i = 3; i < 20; i++) {
                ring(database);
                fetched(i);
            }
        } finally {
            Schedulers.resetOnScheduleHook("hold");
            poll.dispose();
            Schedulers.resetFactory();
        }
    }

    private static boolean isTheDoorbellsTimer() {
        return Stream.of(new Throwable().getStackTrace())
                .anyMatch(frame -> frame.getMethodName().equals("tickIn"));
    }

    private static void ring(ScriptedDatabase database) {
        Thread ringer = new Thread(() -> WriteLane.of(database).doorbells().ring(QUEUE));
        ringer.start();
    }

    /** Waits for the {@code count}th fetch, and fails if it does not come. */
    private void fetched(int count) {
        // Not by block(), which Reactor refuses on the thread that is held.
        List<StorageEvent.Fetched> fetches = events.flux()
                .ofType(StorageEvent.Fetched.class)
                .take(count)
                .collectList()
                .toFuture()
                .orTimeout(20, TimeUnit.SECONDS)
                .join();
        if (fetches.size() < count) {
            throw new AssertionError("only " + fetches.size() + " fetches");
        }
    }
}
