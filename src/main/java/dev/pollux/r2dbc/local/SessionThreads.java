package dev.pollux.r2dbc.local;

import dev.pollux.r2dbc.transport.FreeThreads;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Operators;
import reactor.util.concurrent.Queues;
import reactor.util.context.Context;

/**
 * What a session does on the threads of {@link FreeThreads}: its tasks, which call SQLite, one at a time and in order; and
 * its signals, which run others' code.
 *
 * <p>There are three posts, each held by one thread at most: the worker runs tasks, the speaker emits signals, and the
 * lookout waits for either. Who takes up a task or a signal leaves the lookout, so that another thread may come for what
 * is added next. A worker whose last task gave a signal becomes the speaker, and then takes up what the subscriber asked
 * for in answer: who asks for one thing at a time is served by one thread, with no hop between them. A subscriber that
 * goes on for long after it has asked is not waited for: another thread works meanwhile, from the next time on at once.
 *
 * <p>A subscriber may take its time, or may even block, and must not keep the others from their signals: if it does, it
 * is relieved of the speaker's post. So signals come one at a time unless one takes long, and a publisher that emits more
 * than one sees to their order itself.
 *
 * <p>Races: a task or signal is added first, and then a lookout is called unless there is one, or whoever holds the post
 * will see it. A thread gives its post up first, and then looks for what was added meanwhile. So one of the two sees the
 * other. {@link #execute} against {@link #finish} is decided by the order of the queue: a task that is before the last one
 * runs; the caller of one that is behind it finds the session finishing, takes it back and is refused, and must say so to
 * whoever waits for it. A speaker and who relieves it decide by {@link Speaker#at} which of them goes on.
 *
 * <p>The queues have no lock: callers come on Reactor's threads, which may not park.
 *
 * @see <a href="https://www.dre.vanderbilt.edu/~schmidt/PDF/lf.pdf">Schmidt et al., Leader/Followers</a>
 */
final class SessionThreads {

    /** How long a subscriber may keep others waiting: far longer than waking a thread takes. */
    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    /** How long a lookout waits for a session that has nothing to do. */
    private static final long STAY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final Queue<Runnable> signals =
            Queues.<Runnable>unboundedMultiproducer().get();

    private final AtomicReference<@Nullable Thread> worker = new AtomicReference<>();
    private final AtomicReference<@Nullable Speaker> speaker = new AtomicReference<>();
    private final AtomicBoolean lookout = new AtomicBoolean();
    /** Whether a look is due. */
    private final AtomicBoolean watching = new AtomicBoolean();
    /** Whether it was asked for since the last look. */
    private volatile boolean wanted;

    private final Spin spin = new Spin();
    private volatile @Nullable Thread parked;
    private volatile boolean finishing;
    private volatile boolean ended;
    private volatile boolean speaksLong;

    /** What the last look at the speaker found. */
    private @Nullable Speaker watched;

    private int watchedAt;

    /**
     * Queues a task.
     *
     * @return whether it was accepted and will run
     */
    boolean execute(Runnable task) {
        if (finishing) {
            return false;
        }
        add(task);
        return !finishing || !tasks.remove(task);
    }

    /** Queues the last task. Only the first call counts. */
    void finish(Runnable last) {
        synchronized (this) {
            if (finishing) {
                return;
            }
            finishing = true;
        }
        add(() -> {
            ended = true;
            last.run();
        });
    }

    private void add(Runnable task) {
        tasks.add(task);
        if (worker.get() != null) {
            return;
        }
        Speaker asking = speaker.get();
        if (asking != null && asking.thread == Thread.currentThread()) {
            asking.asked();
            if (!speaksLong) {
                watch();
                return;
            }
        }
        call();
    }

    /** Queues a signal. Callable from any thread; never runs it here. */
    void emit(Runnable signal) {
        signals.add(signal);
        if (worker.get() != Thread.currentThread()) {
            callSpeaker();
        }
    }

    private void callSpeaker() {
        if (speaker.get() == null) {
            call();
        } else {
            watch();
        }
    }

    /** Sees to it that a lookout is there, and awake. */
    private void call() {
        if (!lookout.get() && lookout.compareAndSet(false, true)) {
            FreeThreads.scheduler().schedule(this::stay);
        } else {
            wake();
        }
    }

    private void wake() {
        Thread waiting = parked;
        if (waiting != null) {
            LockSupport.unpark(waiting);
        }
    }

    /** A thread's time with the session. It comes as the lookout. */
    private void stay() {
        boolean found;
        do {
            found = waits();
            lookout.set(false);
            while (takesUp()) {
                found = true;
            }
        } while (found && lookout.compareAndSet(false, true));
    }

    /** Takes a post for which there is something to do, if nobody holds it. */
    private boolean takesUp() {
        if (hasWork() && worker.compareAndSet(null, Thread.currentThread())) {
            if (!signals.isEmpty()) {
                callSpeaker();
            }
            work();
            return true;
        }
        Speaker me = takesSpeakersPost();
        if (me == null) {
            return false;
        }
        if (hasWork()) {
            call();
        }
        speak(me);
        return true;
    }

    private @Nullable Speaker takesSpeakersPost() {
        Speaker me = hasToSay() ? new Speaker() : null;
        return me != null && speaker.compareAndSet(null, me) ? me : null;
    }

    private boolean isCalledFor() {
        return hasWork() || hasToSay();
    }

    private boolean hasWork() {
        return worker.get() == null && !tasks.isEmpty() && !ended;
    }

    private boolean hasToSay() {
        return speaker.get() == null && !signals.isEmpty();
    }

    private void work() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            perform(task);
            if (ended) {
                wake();
                break;
            }
            if (!signals.isEmpty()) {
                if (tasks.isEmpty()) {
                    break;
                }
                callSpeaker();
            }
        }
        Speaker me = takesSpeakersPost();
        worker.set(null);
        if (me == null) {
            if (!signals.isEmpty()) {
                callSpeaker();
            }
            return;
        }
        if (speaksLong || hasWork()) {
            call();
        }
        speak(me);
    }

    /** Where BlockHound lets a thread block that otherwise must not; see {@link BlockHoundRules}. */
    private static void perform(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) {
            // Tasks publish their own errors; one that gets here must not take the session's thread with it.
            Operators.onErrorDropped(e, Context.empty());
        }
    }

    private void speak(Speaker me) {
        if (me.speaks()) {
            speaker.set(null);
        }
    }

    /**
     * Waits until there is something to do.
     *
     * @return whether there may be; otherwise the session needs no thread more for now
     */
    private boolean waits() {
        if (isCalledFor()) {
            return true;
        }
        if (worker.get() != null && speaker.get() == null && tasks.isEmpty()) {
            return false; // the worker speaks for itself, and then comes here
        }
        if (spin.finds(this::isCalledFor)) {
            return true;
        }
        long since = System.nanoTime();
        while (true) {
            parked = Thread.currentThread();
            boolean needed = !ended && worker.get() == null && speaker.get() == null;
            long left = needed ? STAY_NANOS - (System.nanoTime() - since) : 0;
            if (left > 0 && !isCalledFor()) {
                park(left);
            }
            parked = null;
            if (isCalledFor()) {
                return true;
            }
            if (left <= 0) {
                return false;
            }
        }
    }

    /** Where BlockHound lets a thread park that otherwise must not; see {@link BlockHoundRules}. */
    private void park(long nanos) {
        LockSupport.parkNanos(this, nanos);
    }

    /** Has somebody look, within a moment and once more after that, whether the speaker takes long. */
    private void watch() {
        if (!wanted) {
            wanted = true;
        }
        if (!watching.get() && watching.compareAndSet(false, true)) {
            FreeThreads.later(this::look, PATIENCE_NANOS);
        }
    }

    /**
     * Calls another thread if the speaker is where it was at the last look; if it is not, it sees to what waits. As long
     * as looks are wanted each sees to the next: setting a timer wakes a thread, which takes the speaker's time.
     */
    private void look() {
        boolean again = true;
        try {
            again = seesToTheSpeaker();
        } finally {
            if (again) {
                FreeThreads.later(this::look, PATIENCE_NANOS);
            } else {
                watching.set(false);
                if (wanted) {
                    watch();
                }
            }
        }
    }

    /** Whether somebody is to look once more. */
    private boolean seesToTheSpeaker() {
        boolean asked = wanted;
        wanted = false;
        Speaker now = speaker.get();
        int at = now == null ? 0 : now.at.get();
        boolean takesLong = now == watched && at == watchedAt;
        watched = now;
        watchedAt = at;
        if (now != null && takesLong) {
            if (!signals.isEmpty() && now.yields(at)) {
                speaker.set(null);
            }
            if (isCalledFor()) {
                call();
            }
        }
        return asked || (now != null && !(signals.isEmpty() && tasks.isEmpty()));
    }

    /** One thread's time at the signals. */
    private final class Speaker {

        private static final int RELIEVED = -1;

        private final Thread thread = Thread.currentThread();
        /** Counts up: odd while others' code has the thread, and another may take over. */
        private final AtomicInteger at = new AtomicInteger();
        /** When the subscriber has asked for work, by {@link System#nanoTime()}; 0 if it has not. */
        private long askedAt;

        /** The subscriber asks for work. */
        void asked() {
            if (askedAt == 0) {
                askedAt = System.nanoTime();
            }
        }

        /**
         * Emits signals until there is none.
         *
         * @return whether the post is still this one's
         */
        boolean speaks() {
            for (Runnable signal = signals.poll(); signal != null; signal = signals.poll()) {
                if (!signals.isEmpty()) {
                    watch();
                }
                at.lazySet(at.get() + 1);
                emit(signal);
                if (askedAt != 0) {
                    speaksLong = System.nanoTime() - askedAt > PATIENCE_NANOS;
                    askedAt = 0;
                }
                if (!resumes()) {
                    return false;
                }
                if (hasWork() && !signals.isEmpty()) {
                    call();
                }
            }
            return true;
        }

        /** Whether the thread, which is back from others' code, goes on. */
        private boolean resumes() {
            int now = at.get();
            return now != RELIEVED && at.compareAndSet(now, (now + 1) & Integer.MAX_VALUE);
        }

        boolean yields(int since) {
            return (since & 1) == 1 && at.compareAndSet(since, RELIEVED);
        }

        private static void emit(Runnable signal) {
            try {
                signal.run();
            } catch (Throwable e) {
                // A subscriber that throws must not cost other subscribers their signals.
                Operators.onErrorDropped(e, Context.empty());
            }
            // Others' code may have left it; a task that reads a file's attributes, say, would fail.
            Thread.interrupted();
        }
    }
}
