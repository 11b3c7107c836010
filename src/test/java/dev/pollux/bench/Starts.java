package dev.pollux.bench;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.LongStream;

/** When the handlers of numbered mails started, each for the first time: by the clock that all processes share. */
final class Starts {

    private final AtomicLongArray handled;
    private final CountDownLatch missing;

    Starts(int tasks) {
        handled = new AtomicLongArray(tasks);
        missing = new CountDownLatch(tasks);
    }

    /** Nanoseconds since the epoch. */
    static long now() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000_000 + now.getNano();
    }

    /** A handler starts now. */
    void handled(Mail mail) {
        handled(mail.number(), now());
    }

    /** A handler started at that time. */
    void handled(int number, long time) {
        if (handled.compareAndSet(number, 0, time)) {
            missing.countDown();
        }
    }

    void await(Duration patience) throws InterruptedException {
        if (!missing.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IllegalStateException(missing.getCount() + " handlers did not start within " + patience);
        }
    }

    /** Handlers per second. */
    double rate() {
        return handled.length()
                * 1e9
                / (times().max().orElseThrow() - times().min().orElseThrow());
    }

    private LongStream times() {
        return LongStream.range(0, handled.length()).map(i -> handled.get((int) i));
    }

    /**
     * Pushes one mail after the other, each after a pause of up to twice the given one, so that no rhythm of the queue is
     * met; gives the median, the 99th percentile and the 99.9th of the time from before each push to its handler's start.
     */
    double[] idle(Consumer<Mail> push, Duration pause, Duration patience) throws InterruptedException {
        long[] pushed = new long[handled.length()];
        for (int i = 0; i < pushed.length; i++) {
            LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(2 * pause.toNanos()));
            pushed[i] = now();
            push.accept(Mail.number(i));
        }
        await(patience);
        Latencies latencies = new Latencies();
        for (int i = 0; i < pushed.length; i++) {
            latencies.add(handled.get(i) - pushed[i]);
        }
        return new double[] {latencies.millis(0.5), latencies.millis(0.99), latencies.millis(0.999)};
    }
}
