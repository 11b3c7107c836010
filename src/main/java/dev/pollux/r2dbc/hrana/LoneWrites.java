package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.hrana.PipelineReply.Result;
import dev.pollux.r2dbc.hrana.PipelineReply.ServerError;
import dev.pollux.r2dbc.hrana.RequestWriter.Request;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcRollbackException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import reactor.core.publisher.Mono;

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

    /** Statements after which a connection is as it was before. */
    private static final Pattern LEAVES_NOTHING =
            Pattern.compile("\\s*(INSERT|REPLACE|UPDATE|DELETE|WITH)\\b", Pattern.CASE_INSENSITIVE);

    private final HranaClient client;
    private final String base;
    private final Pacer pacer = new Pacer();
    private final IdleStreams idle = new IdleStreams();

    LoneWrites(HranaClient client, String base) {
        this.client = client;
        this.base = base;
    }

    /** Whether a request leaves its stream as it found it, if it succeeds; its transaction aside. */
    static boolean takes(Request request) {
        return request instanceof Request.Batch
                || (request instanceof Request.Execute execute
                        && LEAVES_NOTHING.matcher(execute.call().sql()).lookingAt());
    }

    /** Sends a request that {@link #takes} allows to a server of version 3. */
    Mono<Result> run(Request request, Ask ask) {
        return pacer.turn().then(Mono.defer(() -> {
            HranaStream known = idle.take();
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
                    idle.keep(stream);
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

    /** Ends the streams that are idle. */
    Mono<Void> close() {
        return idle.close();
    }
}
