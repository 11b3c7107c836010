package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.hrana.Ask.Stake;
import dev.pollux.r2dbc.hrana.Exclusive.Hold;
import dev.pollux.r2dbc.hrana.PipelineReply.Result;
import dev.pollux.r2dbc.hrana.RequestWriter.Request;
import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Faults;
import dev.pollux.r2dbc.transport.TransactionMode;
import dev.pollux.r2dbc.transport.Work;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * An interactive transaction on a stream of its own. The stream can be lost under it: the server takes the lock away
 * after 5 s if someone waits for it, ends a stream that was idle for 10 s, or restarts. Then everything but a rollback
 * fails, so that no later statement can commit alone.
 */
final class HranaTransaction {

    private final HranaStream stream;
    private final boolean v3;
    private final HranaFaults faults;
    private final Outcomes outcomes;
    private final OpenCursors cursors;

    private HranaTransaction(HranaStream stream, boolean v3, HranaFaults faults, Outcomes outcomes) {
        this.stream = stream;
        this.v3 = v3;
        this.faults = faults;
        this.outcomes = outcomes;
        this.cursors = new OpenCursors(faults, outcomes);
    }

    /**
     * Begins one on a fresh stream. A BEGIN whose answer is lost holds its lock until the server drops the stream.
     *
     * @param after the replication index that it is to come after, or null for none; what follows in the transaction
     *     needs none, for a replica passes all of it on to its primary
     */
    static Mono<HranaTransaction> begin(
            HranaStream stream,
            boolean v3,
            TransactionMode mode,
            @Nullable Long after,
            Duration timeout,
            HranaFaults faults,
            Outcomes outcomes) {
        Ask ask = new Ask(Stake.NOTHING, null, timeout);
        return stream.send(List.of(new Request.Execute(Batches.control(mode.sql()), after)), ask)
                .map(reply -> {
                    Result result = reply.first();
                    if (result instanceof Result.Failed failed) {
                        stream.endSoon(ask);
                        throw faults.server(failed.error(), ask);
                    }
                    return new HranaTransaction(stream, v3, faults, outcomes);
                });
    }

    /** Runs work in it. */
    Flux<Answer> execute(Work work, Hold hold, Duration timeout) {
        Ask ask = new Ask(Stake.TRANSACTION, Outcomes.sql(work), timeout);
        List<Step> steps = Batches.joined(work, v3);
        return stream.send(List.of(new Request.Batch(steps, null)), ask).flatMapMany(reply -> {
            Result result = reply.first();
            // Not the cursor at once: it answers to a syntax error by ending the stream, a pipeline does not.
            if (result instanceof Result.Failed failed && failed.error().is("RESPONSE_TOO_LARGE")) {
                if (!work.readsOnly()) {
                    // The server gives up on its answer, not on what it did: a commit would keep it.
                    String what = "a write returned more rows than the 10 MB of an answer";
                    stream.lose(what);
                    return Flux.error(Faults.transactionLost(faults.where(), what, ask.sql(), null));
                }
                if (v3 && work.calls().size() == 1) {
                    // The rows come over the stream, which nothing else may use until they are read, by their reader
                    // or, when other work waits, into memory.
                    return cursors.run(stream, steps.get(0), null, ask, work.fetchSize(), hold::keep, hold::release);
                }
            }
            return Flux.fromIterable(outcomes.joined(work, result, stream, ask));
        });
    }

    /** Commits. Whatever comes of it, the transaction is over. */
    Mono<Void> commit(Duration timeout) {
        Ask ask = new Ask(Stake.COMMIT, null, timeout);
        Work commit = Work.of(Batches.control("COMMIT"));
        return Mono.defer(() -> {
            String lost = stream.lost();
            if (lost != null) {
                return Mono.error(Faults.transactionLost(faults.where(), lost, null, null));
            }
            return stream.send(List.of(new Request.Batch(Batches.joined(commit, v3), null), RequestWriter.CLOSE), ask)
                    .doOnNext(reply -> outcomes.joined(commit, reply.first(), stream, ask))
                    .then();
        });
    }

    /** Rolls back. If it is lost there is nothing to wait for: what is left of its stream is closed by the way. */
    Mono<Void> rollback(Duration timeout) {
        Ask ask = new Ask(Stake.NOTHING, null, timeout);
        return Mono.defer(() -> {
            if (stream.lost() != null) {
                stream.endSoon(ask);
                return Mono.empty();
            }
            return stream.end(List.of(new Request.Execute(Batches.control("ROLLBACK"), null)), ask);
        });
    }

    /** Ends the reading of rows that occupies the stream, so that what waits for it can go on. */
    void cutRows() {
        cursors.closeAll();
    }

    /** Whether it still can commit, as far as is known here. */
    boolean isLive() {
        return stream.lost() == null;
    }

    /** A call that shows whether the stream is alive. */
    static Work probe() {
        return Work.of(Call.read("SELECT 1"));
    }
}
