package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.Task;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;

/** A subscriber that asks for what it is told to, and notes what it is given and whether the rules of Reactive Streams hold. */
final class Taker extends BaseSubscriber<Task<Integer>> {

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final long atFirst;
    private final Consumer<Task<Integer>> use;
    private final AtomicLong asked = new AtomicLong();
    private final AtomicBoolean inside = new AtomicBoolean();
    private final AtomicInteger late = new AtomicInteger();
    private final List<Task<Integer>> taken = new CopyOnWriteArrayList<>();
    private final List<String> broken = new CopyOnWriteArrayList<>();
    private final Semaphore unseen = new Semaphore(0);
    private volatile int cancelAt = Integer.MAX_VALUE;
    private volatile boolean cancelled;
    private volatile boolean cancelledItself;
    private @Nullable Subscription poll; // set before the first task

    /**
     * @param atFirst how many tasks it asks for when it is subscribed
     * @param use what is done with each
     */
    Taker(long atFirst, Consumer<Task<Integer>> use) {
        this.atFirst = atFirst;
        this.use = use;
    }

    /** Asks for more, on any thread. */
    void ask(long more) {
        asked.addAndGet(more);
        request(more);
    }

    /** Cancels, on any thread. */
    void stop() {
        cancel();
        cancelled = true;
    }

    /** Has it cancel as soon as it has so many tasks, while it is given the last of them. */
    void stopAt(int tasks) {
        cancelAt = tasks;
    }

    /** Waits for so many tasks more than it has waited for before. */
    void await(int more) throws InterruptedException {
        assertThat(unseen.tryAcquire(more, PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .as("%s more tasks than the %s within %s", more, taken.size(), PATIENCE)
                .isTrue();
    }

    /** What it was given so far. */
    List<Task<Integer>> taken() {
        return taken;
    }

    /** The rules that were broken, in words. */
    List<String> broken() {
        // An emission may have been under way when another thread cancelled.
        if (late.get() > (cancelledItself ? 0 : 1)) {
            broken.add(late + " tasks were emitted after the cancel");
        }
        return broken;
    }

    @Override
    protected void hookOnSubscribe(Subscription subscription) {
        poll = subscription;
        if (atFirst > 0) {
            ask(atFirst);
        }
    }

    @Override
    protected void hookOnNext(Task<Integer> task) {
        if (inside.getAndSet(true)) {
            broken.add("two tasks were emitted at once");
        }
        if (cancelled) {
            late.incrementAndGet();
        }
        taken.add(task);
        if (taken.size() > asked.get()) {
            broken.add(taken.size() + " tasks were emitted, though " + asked + " had been asked for");
        }
        use.accept(task);
        if (taken.size() == cancelAt) {
            cancelledItself = !cancelled;
            // Our own cancel does nothing while another thread is in the midst of it.
            Objects.requireNonNull(poll).cancel();
            stop();
        }
        inside.set(false);
        unseen.release();
    }

    @Override
    protected void hookOnError(Throwable error) {
        broken.add("the poll ended with " + error);
    }

    @Override
    protected void hookOnComplete() {
        broken.add("the poll ended");
    }
}
