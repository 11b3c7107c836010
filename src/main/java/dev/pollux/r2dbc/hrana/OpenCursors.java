package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.hrana.PipelineReply.ServerError;
import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Column;
import dev.pollux.r2dbc.transport.Faults;
import dev.pollux.r2dbc.transport.FreeThreads;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The cursors of a session that are still being read. */
final class OpenCursors {

    private static final int DEFAULT_ROWS = 256;

    private final HranaFaults faults;
    private final Outcomes outcomes;
    private final Set<Cursor> open = ConcurrentHashMap.newKeySet();

    OpenCursors(HranaFaults faults, Outcomes outcomes) {
        this.faults = faults;
        this.outcomes = outcomes;
    }

    /**
     * Runs a reading step through a cursor.
     *
     * @param after the replication index that it is to come after, or null for none
     * @param opened told when there is a cursor to be read on or closed, and given what reads it out into memory
     * @param closed told when that was read to its end or closed; only after {@code opened}
     */
    Mono<Answer> run(
            HranaStream stream,
            Step step,
            @Nullable Long after,
            Ask ask,
            int fetchSize,
            Consumer<Runnable> opened,
            Runnable closed) {
        return stream.cursor(step, after, ask, fetchSize > 0 ? fetchSize : DEFAULT_ROWS)
                .map(cursor -> {
                    ReadAside more = new ReadAside(more(cursor, stream, ask), this::tooMuch);
                    opened.accept(more::readOut);
                    open.add(cursor);
                    cursor.ended().whenComplete((nothing, never) -> {
                        open.remove(cursor);
                        closed.run();
                    });
                    return answer(cursor, more, stream, ask);
                })
                .doOnDiscard(Cursor.class, Cursor::close);
    }

    /** Closes them all; those who read them get an error. */
    void closeAll() {
        open.forEach(Cursor::close);
    }

    private Answer answer(Cursor cursor, ReadAside more, HranaStream stream, Ask ask) {
        ServerError error = cursor.error();
        if (error != null) {
            cursor.close();
            throw outcomes.failed(error, stream, ask);
        }
        List<Column> columns = cursor.columns();
        if (columns == null) {
            cursor.close();
            throw outcomes.gone(stream, ask);
        }
        Flux<List<@Nullable Object[]>> rest = cursor.finished() ? null : more.publishOn(FreeThreads.scheduler(), 1);
        return new Answer(columns, cursor.first(), rest, 0);
    }

    private RuntimeException tooMuch() {
        return Faults.tooLarge(
                faults.where(),
                "the connection was used for other work before these rows were read, and the rest of them is over the"
                        + " 64 MB that are kept in memory: read them first, or use another connection,",
                null);
    }

    /** Reads on, one portion ahead of demand at most. */
    private Flux<List<@Nullable Object[]>> more(Cursor cursor, HranaStream stream, Ask ask) {
        AtomicBoolean unwanted = new AtomicBoolean();
        return Mono.fromCallable(cursor::next)
                // A worker a portion, so that a slow reader does not occupy a thread.
                .subscribeOn(Schedulers.boundedElastic())
                .repeat(() -> !cursor.finished() && !cursor.cut())
                .filter(rows -> !rows.isEmpty())
                .concatWith(Flux.defer(() -> cursor.cut() && !unwanted.get()
                        ? Flux.error(Faults.sessionGone(
                                faults.where(), "rows were read on after their transaction or session had ended"))
                        : Flux.empty()))
                .onErrorMap(e -> fault(e, stream, ask))
                // Before the cancel goes up, which would interrupt a read and look like a failure.
                .doOnCancel(() -> {
                    unwanted.set(true);
                    cursor.close();
                })
                .doOnTerminate(cursor::close);
    }

    private Throwable fault(Throwable error, HranaStream stream, Ask ask) {
        if (error instanceof Cursor.StatementFailed failed) {
            return outcomes.failed(failed.error(), stream, ask);
        }
        if (error instanceof MalformedReplyException malformed) {
            stream.lose("rows were read that can't be understood");
            return faults.malformed(malformed, ask);
        }
        if (error instanceof IOException io) {
            stream.lose("the connection broke while rows were read");
            return faults.http(new HttpFailure(io, true), false, ask);
        }
        return error;
    }
}
