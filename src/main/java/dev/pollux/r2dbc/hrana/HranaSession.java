package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.hrana.Ask.Stake;
import dev.pollux.r2dbc.hrana.Exclusive.Hold;
import dev.pollux.r2dbc.hrana.HranaClient.Server;
import dev.pollux.r2dbc.hrana.PipelineReply.Result;
import dev.pollux.r2dbc.hrana.RequestWriter.Request;
import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Faults;
import dev.pollux.r2dbc.transport.FreeThreads;
import dev.pollux.r2dbc.transport.OutcomeUnknownException;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import dev.pollux.r2dbc.transport.Work;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A session on a server. Outside a transaction it holds nothing there: each piece of work is one request. Reads open a
 * stream for it and close it; writes share those of {@link LoneWrites}. Inside, it owns a stream.
 *
 * <p>Rows that are read on outside a transaction have a stream to themselves and let the next work start; inside one
 * they occupy the stream, and the next work lets them be read out into memory.
 *
 * <p>Close against execute: work that is under way ends first, work that waits fails, and cursors are cut.
 */
final class HranaSession implements Session {

    private final HranaClient client;
    private final HranaOptions options;
    private final Server server;
    private final HranaFaults faults;
    private final Outcomes outcomes;
    private final OpenCursors cursors;
    private final Exclusive exclusive = new Exclusive();

    private volatile @Nullable HranaTransaction transaction;
    private volatile @Nullable Duration statementTimeout;
    private volatile @Nullable Duration beginTimeout;
    private volatile boolean closed;

    HranaSession(HranaClient client, HranaOptions options, Server server) {
        this.client = client;
        this.options = options;
        this.server = server;
        this.faults = client.faults();
        this.outcomes = new Outcomes(faults);
        this.cursors = new OpenCursors(faults, outcomes);
        this.statementTimeout = options.statementTimeout();
    }

    @Override
    public Flux<Answer> execute(Work work) {
        return execute(work, client::after);
    }

    private Flux<Answer> execute(Work work, Supplier<@Nullable Long> after) {
        return exclusive
                .run(hold -> {
                    if (closed) {
                        return Flux.error(gone());
                    }
                    HranaTransaction open = transaction;
                    return open == null ? alone(work, after.get()) : open.execute(work, hold, timeout());
                })
                .publishOn(FreeThreads.scheduler())
                .doOnDiscard(Answer.class, HranaSession::discard);
    }

    /** Work outside a transaction, in one request that comes after a replication index. */
    private Flux<Answer> alone(Work work, @Nullable Long after) {
        Ask ask = new Ask(work.readsOnly() ? Stake.NOTHING : Stake.WRITE, Outcomes.sql(work), timeout());
        if (work.calls().size() > 1) {
            return once(new Request.Batch(Batches.alone(work, server.v3()), after), ask)
                    .flatMapIterable(result -> outcomes.alone(work, result, ask));
        }
        Call call = work.calls().get(0);
        if (work.readsOnly() && work.fetchSize() > 0 && server.v3()) {
            return cursor(call, after, work.fetchSize(), ask).flux();
        }
        return once(new Request.Execute(call, after), ask)
                .flatMap(result -> single(call, after, result, work.fetchSize(), ask))
                .flux();
    }

    private Mono<Answer> single(Call call, @Nullable Long after, Result result, int fetchSize, Ask ask) {
        if (result instanceof Result.Executed executed) {
            return Mono.just(Outcomes.tidy(call, executed.answer()));
        }
        if (!(result instanceof Result.Failed failed)) {
            return Mono.error(faults.malformed(new MalformedReplyException("no result"), ask));
        }
        if (failed.error().is("RESPONSE_TOO_LARGE")) {
            if (call.kind() == Call.Kind.WRITE) {
                // The server gives up on its answer, not on the statement, which had committed by then.
                return Mono.error(OutcomeUnknownException.committed(
                        faults.where(), "the rows it returns are more than the 10 MB of an answer", ask.sql()));
            }
            if (server.v3()) {
                return cursor(call, after, fetchSize, ask);
            }
        }
        return Mono.error(faults.server(failed.error(), ask));
    }

    /** Runs one request. */
    private Mono<Result> once(Request request, Ask ask) {
        if (ask.stake() == Stake.WRITE && server.v3() && LoneWrites.takes(request)) {
            return client.loneWrites().run(request, ask);
        }
        List<Request> requests = server.streams() ? List.of(request, RequestWriter.CLOSE) : List.of(request);
        return client.pipeline(options.base(), server.v3(), null, requests, ask).map(PipelineReply::first);
    }

    private Mono<Answer> cursor(Call call, @Nullable Long after, int fetchSize, Ask ask) {
        HranaStream stream = stream();
        return cursors.run(
                stream, new Step(call, null), after, ask, fetchSize, readOut -> {}, () -> stream.endSoon(ask));
    }

    @Override
    public Mono<Void> begin(TransactionMode mode) {
        return ordered(hold -> {
            if (closed) {
                return Mono.error(gone());
            }
            if (!server.streams()) {
                return Mono.error(new UnsupportedOperationException(faults.where()
                        + " has no interactive transactions, for it keeps no stream from one request to the next: put"
                        + " what belongs together into one text or batch, which is atomic"));
            }
            if (transaction != null) {
                return Mono.error(new IllegalStateException("a transaction is already open"));
            }
            Duration wait = shorter(beginTimeout, timeout());
            return HranaTransaction.begin(stream(), server.v3(), mode, client.after(), wait, faults, outcomes)
                    .doOnNext(begun -> transaction = begun)
                    .then();
        });
    }

    @Override
    public Mono<Void> commit() {
        return ordered(hold -> {
            if (closed) {
                return Mono.error(gone());
            }
            HranaTransaction open = transaction;
            if (open == null) {
                return Mono.empty();
            }
            transaction = null;
            return open.commit(timeout());
        });
    }

    @Override
    public Mono<Void> rollback() {
        return Mono.defer(() -> {
            // Rows that nobody reads on would keep the rollback waiting for ever.
            HranaTransaction reading = transaction;
            if (reading != null) {
                reading.cutRows();
            }
            return ordered(hold -> {
                HranaTransaction open = transaction;
                transaction = null;
                return open == null ? Mono.empty() : open.rollback(timeout());
            });
        });
    }

    @Override
    public boolean inTransaction() {
        return transaction != null;
    }

    @Override
    public Mono<Boolean> validate(boolean remote) {
        return Mono.defer(() -> {
            HranaTransaction open = transaction;
            if (closed || (open != null && !open.isLive())) {
                return Mono.just(false);
            }
            // It comes after nothing: a replica that lags behind, perhaps for ever, still answers.
            return remote
                    ? execute(HranaTransaction.probe(), () -> null)
                            .then(Mono.just(true))
                            .onErrorReturn(false)
                    : Mono.just(true);
        });
    }

    @Override
    public void statementTimeout(@Nullable Duration timeout) {
        statementTimeout = timeout;
    }

    /**
     * Only null is possible.
     *
     * @throws UnsupportedOperationException otherwise: the server alone decides how long a write waits
     */
    @Override
    public void lockWaitTimeout(@Nullable Duration timeout) {
        if (timeout != null) {
            throw new UnsupportedOperationException("a libSQL server decides by itself how long a write waits for a"
                    + " lock; limit the whole statement (statement timeout), or the BEGIN of a transaction (its"
                    + " definition's lock-wait timeout)");
        }
        beginTimeout = null;
    }

    /**
     * {@inheritDoc}
     *
     * @throws UnsupportedOperationException if it is zero, for the server cannot be told not to wait
     */
    @Override
    public void transactionLockWait(Duration timeout) {
        if (timeout.isZero()) {
            throw new UnsupportedOperationException(
                    "a libSQL server cannot be told not to wait for a lock: give the lock-wait timeout some time");
        }
        beginTimeout = timeout;
    }

    @Override
    public String databaseVersion() {
        return server.sqliteVersion();
    }

    @Override
    public Mono<Void> close() {
        return Mono.defer(() -> {
            closed = true;
            cursors.closeAll();
            return rollback().onErrorComplete();
        });
    }

    private Mono<Void> ordered(Function<Hold, Mono<Void>> body) {
        return exclusive
                .<Void>run(body::apply)
                .publishOn(FreeThreads.scheduler())
                .then();
    }

    private HranaStream stream() {
        return new HranaStream(client, server.v3(), options.base());
    }

    private Duration timeout() {
        return shorter(statementTimeout, options.callTimeout());
    }

    private static Duration shorter(@Nullable Duration own, Duration general) {
        return own == null || own.compareTo(general) > 0 ? general : own;
    }

    private RuntimeException gone() {
        return Faults.sessionGone(faults.where(), "the session is closed");
    }

    private static void discard(Answer answer) {
        if (answer.more() != null) {
            answer.more().subscribe(new BaseSubscriber<>() {
                @Override
                protected void hookOnSubscribe(Subscription subscription) {
                    cancel();
                }
            });
        }
    }
}
