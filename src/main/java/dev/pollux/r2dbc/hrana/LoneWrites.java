package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.hrana.Ask.Stake;
import dev.pollux.r2dbc.hrana.PipelineReply.Result;
import dev.pollux.r2dbc.hrana.PipelineReply.ServerError;
import dev.pollux.r2dbc.hrana.RequestWriter.Request;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcRollbackException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Runs writes outside transactions, each of which commits by itself, on streams that stay open from one to the next.
 *
 * <p>That spares the server the opening of its database for each, which takes it as long as a small write. And it
 * avoids a trap: when several clients write at once, sqld 0.24 may put a connection in the line for the write lock
 * twice, and gives it the lock again when it has what it wanted. If it is closed by then, nobody ever takes that lock
 * up, and the server writes nothing any more until it is restarted; if it is still there, its next write mostly does.
 *
 * <p>A stream that the server has given up in the meantime is replaced: what was sent on it did not run. Neither did what
 * its connection could not make sense of; that may be for a table that others have changed since it looked, which SQLite
 * does not always find out by itself.
 */
final class LoneWrites {

    private static final int MOST_IDLE = 4;
    /** Longer than the pacer ever waits, and shorter than a server keeps an idle stream. */
    private static final Duration IDLE = Duration.ofSeconds(5);
    /** How long a server may take to end a stream, which it does by itself after 10 s. */
    private static final Duration ENDING = Duration.ofSeconds(1);

    /** Statements after which a connection is as it was before. */
    private static final Pattern LEAVES_NOTHING =
            Pattern.compile("\\s*(INSERT|REPLACE|UPDATE|DELETE|WITH)\\b.*", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    private final HranaClient client;
    private final String base;
    private final Pacer pacer = new Pacer();
    private final Deque<Idle> idle = new ConcurrentLinkedDeque<>();
    private final AtomicInteger idleCount = new AtomicInteger();
    private final AtomicBoolean watched = new AtomicBoolean();

    LoneWrites(HranaClient client, String base) {
        this.client = client;
        this.base = base;
    }

    /** A stream that nobody uses. */
    private record Idle(HranaStream stream, long since) {}

    /** Whether a request leaves its stream as it found it, if it succeeds; its transaction aside. */
    static boolean takes(Request request) {
        return request instanceof Request.Batch
                || (request instanceof Request.Execute execute
                        && LEAVES_NOTHING.matcher(execute.call().sql()).matches());
    }

    /** Sends a request that {@link #takes} allows to a server of version 3. */
    Mono<Result> run(Request request, Ask ask) {
        return pacer.turn().then(Mono.defer(() -> {
            HranaStream known = take();
            return known == null
                    ? send(fresh(), request, ask)
                    : send(known, request, ask)
                            .onErrorResume(R2dbcRollbackException.class, gone -> send(fresh(), request, ask))
                            .flatMap(result ->
                                    mayBeOutdated(result, ask) ? send(fresh(), request, ask) : Mono.just(result));
        }));
    }

    private HranaStream fresh() {
        return new HranaStream(client, true, base);
    }

    private Mono<Result> send(HranaStream stream, Request request, Ask ask) {
        return Mono.defer(() -> {
            long start = System.nanoTime();
            return stream.send(List.of(request), ask).map(PipelineReply::first).doOnNext(result -> {
                pacer.waited(isBusy(result) ? Duration.ofNanos(System.nanoTime() - start) : result.waited());
                if (isClean(result)) {
                    keep(stream);
                } else {
                    stream.endSoon(ask);
                }
            });
        });
    }

    /** Whether a batch did not get the lock to begin with. */
    private static boolean isBusy(Result result) {
        if (!(result instanceof Result.Batched batch) || batch.errors().isEmpty()) {
            return false;
        }
        ServerError first = batch.errors().get(0);
        return first != null && first.is("SQLITE_BUSY");
    }

    /** Whether it failed for what its connection takes for the schema. */
    private boolean mayBeOutdated(Result result, Ask ask) {
        ServerError error = null;
        if (result instanceof Result.Failed failed) {
            error = failed.error();
        } else if (result instanceof Result.Batched batch) {
            error = batch.errors().stream().filter(Objects::nonNull).findFirst().orElse(null);
        }
        return error != null && client.faults().server(error, ask) instanceof R2dbcBadGrammarException;
    }

    /** Whether no transaction is open after it. */
    private static boolean isClean(Result result) {
        if (result instanceof Result.Batched batch) {
            int commit = batch.answers().size() - 2;
            return isBusy(result) || (commit > 0 && batch.answers().get(commit) != null);
        }
        return result instanceof Result.Executed;
    }

    private @Nullable HranaStream take() {
        Idle last = idle.pollFirst();
        if (last == null) {
            return null;
        }
        idleCount.decrementAndGet();
        return last.stream();
    }

    private void keep(HranaStream stream) {
        if (stream.lost() != null) {
            return;
        }
        idle.addFirst(new Idle(stream, System.nanoTime()));
        if (idleCount.incrementAndGet() > MOST_IDLE) {
            end(last -> true, 1).subscribe();
        }
        watch();
    }

    private void watch() {
        if (watched.compareAndSet(false, true)) {
            Schedulers.single().schedule(this::endOld, IDLE.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void endOld() {
        watched.set(false);
        long now = System.nanoTime();
        end(last -> now - last.since() >= IDLE.toNanos(), Integer.MAX_VALUE).subscribe();
        if (!idle.isEmpty()) {
            watch();
        }
    }

    /** Ends those that were idle longest, as long as they are such, and at most so many. */
    private Mono<Void> end(Predicate<Idle> which, int most) {
        List<HranaStream> ended = new ArrayList<>();
        Idle last = idle.pollLast();
        while (last != null && ended.size() < most && which.test(last)) {
            idleCount.decrementAndGet();
            ended.add(last.stream());
            last = ended.size() < most ? idle.pollLast() : null;
        }
        if (last != null) {
            idle.addLast(last);
        }
        Ask ask = new Ask(Stake.NOTHING, null, ENDING);
        return Flux.fromIterable(ended)
                .flatMap(stream -> stream.end(List.of(), ask))
                .then();
    }

    /** Ends the streams that are idle. */
    Mono<Void> close() {
        return Mono.defer(() -> end(all -> true, Integer.MAX_VALUE));
    }
}
