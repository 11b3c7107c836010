package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.hrana.Ask.Stake;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Open streams that nobody uses at the moment: a few, and none for long. */
final class IdleStreams {

    private static final int MOST = 4;
    /** Longer than the {@link Pacer} ever waits, and shorter than a server keeps an idle stream. */
    private static final Duration LONGEST = Duration.ofSeconds(5);
    /** How long a server may take to end a stream, which it does by itself after 10 s. */
    private static final Duration ENDING = Duration.ofSeconds(1);

    private final Deque<Idle> streams = new ConcurrentLinkedDeque<>();
    private final AtomicInteger count = new AtomicInteger();
    private final AtomicBoolean watched = new AtomicBoolean();

    private record Idle(HranaStream stream, long since) {}

    /** The one that was used last, or null if there is none. */
    @Nullable
    HranaStream take() {
        Idle last = streams.pollFirst();
        if (last == null) {
            return null;
        }
        count.decrementAndGet();
        return last.stream();
    }

    /** Takes charge of a stream on which no transaction is open. */
    void keep(HranaStream stream) {
        if (stream.lost() != null) {
            return;
        }
        streams.addFirst(new Idle(stream, System.nanoTime()));
        if (count.incrementAndGet() > MOST) {
            end(last -> true, 1).subscribe();
        }
        watch();
    }

    private void watch() {
        if (watched.compareAndSet(false, true)) {
            Schedulers.single().schedule(this::endOld, LONGEST.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void endOld() {
        watched.set(false);
        long now = System.nanoTime();
        end(last -> now - last.since() >= LONGEST.toNanos(), Integer.MAX_VALUE).subscribe();
        if (!streams.isEmpty()) {
            watch();
        }
    }

    /** Ends those that were idle longest, as long as they are such, and at most so many. */
    private Mono<Void> end(Predicate<Idle> which, int most) {
        List<HranaStream> ended = new ArrayList<>();
        Idle last = streams.pollLast();
        while (last != null && ended.size() < most && which.test(last)) {
            count.decrementAndGet();
            ended.add(last.stream());
            last = ended.size() < most ? streams.pollLast() : null;
        }
        if (last != null) {
            streams.addLast(last);
        }
        Ask ask = new Ask(Stake.NOTHING, null, ENDING);
        return Flux.fromIterable(ended)
                .flatMap(stream -> stream.end(List.of(), ask))
                .then();
    }

    /** Ends them all. */
    Mono<Void> close() {
        return Mono.defer(() -> end(all -> true, Integer.MAX_VALUE));
    }
}
