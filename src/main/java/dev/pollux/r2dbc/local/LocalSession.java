package dev.pollux.r2dbc.local;

import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.FreeThreads;
import dev.pollux.r2dbc.transport.Gate;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import dev.pollux.r2dbc.transport.Work;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * One SQLite connection. All it does is a {@link Step} in its line.
 *
 * <p>Races: closing wins. Steps that wait fail, the one that runs is interrupted, and what comes later is refused,
 * either here or, if it is past here already, by its threads. A cancel that comes after a {@code BEGIN} has worked
 * leaves the transaction open, and {@link #inTransaction()} says so.
 */
final class LocalSession implements Session {

    private final SessionThreads threads;
    private final Gate line = new Gate();
    private final Gate writers;
    private final SqliteHandle handle;
    private final SqliteErrors errors;
    private final WorkRunner runner;
    private final String version;
    private final LocalOptions options;
    private final Sinks.Empty<Void> gone = Sinks.empty();
    private volatile @Nullable Duration statementTimeout;
    private volatile @Nullable Duration lockWaitTimeout;
    private volatile @Nullable Step<?> head;
    private volatile boolean closed;

    LocalSession(
            SessionThreads threads,
            Opening.Opened opened,
            DatabaseFile file,
            Gate writers,
            LocalOptions options,
            SqliteErrors errors) {
        this.threads = threads;
        this.handle = opened.handle();
        this.version = opened.version();
        this.writers = writers;
        this.options = options;
        this.errors = errors;
        this.statementTimeout = options.statementTimeout();
        this.runner = new WorkRunner(threads, handle, file, errors, opened.readersBlockWriters());
        file.opened(!opened.readersBlockWriters(), () -> threads.execute(runner::closeIfLost));
    }

    @Override
    public Flux<Answer> execute(Work work) {
        if (work.calls().size() > 1) {
            return executeAll(work).flatMapIterable(answers -> answers);
        }
        return Flux.defer(() -> {
            Handover<Flux<List<@Nullable Object[]>>> cursor = new Handover<>(Portions::abandon);
            return cursor.watch(this.<List<Answer>>inLine(
                            () -> runner.needsGate(work), step -> offering(cursor, runner.execute(work, step)))
                    .flatMapIterable(answers -> answers));
        });
    }

    @Override
    public Mono<List<Answer>> executeAll(Work work) {
        return work.calls().size() == 1
                ? Session.super.executeAll(work)
                // Whole answers only, so nothing that must be freed.
                : inLine(() -> runner.needsGate(work), step -> runner.execute(work, step));
    }

    /** Only a call that is alone has more rows, so the first signal to the subscriber delivers them. */
    private static List<Answer> offering(Handover<Flux<List<@Nullable Object[]>>> cursor, List<Answer> answers) {
        Flux<List<@Nullable Object[]>> more = answers.get(0).more();
        if (more != null) {
            cursor.offer(more);
        }
        return answers;
    }

    @Override
    public Mono<Void> begin(TransactionMode mode) {
        return inLine(() -> runner.needsGate(mode), step -> {
            runner.begin(mode, step);
            return null;
        });
    }

    @Override
    public Mono<Void> commit() {
        return inLine(() -> false, step -> {
            runner.commit(step);
            return null;
        });
    }

    @Override
    public Mono<Void> rollback() {
        return inLine(() -> false, step -> {
            runner.rollback();
            return null;
        });
    }

    @Override
    public boolean inTransaction() {
        return runner.inTransaction();
    }

    @Override
    public Mono<Boolean> validate(boolean remote) {
        if (!remote) {
            return Mono.fromSupplier(() -> !closed && !runner.isLost()).subscribeOn(FreeThreads.scheduler());
        }
        return this.<Boolean>inLine(() -> false, step -> {
                    runner.ping();
                    return true;
                })
                .onErrorReturn(false);
    }

    @Override
    public void statementTimeout(@Nullable Duration timeout) {
        statementTimeout = timeout;
    }

    @Override
    public void lockWaitTimeout(@Nullable Duration timeout) {
        lockWaitTimeout = timeout;
    }

    @Override
    public String databaseVersion() {
        return version;
    }

    @Override
    public Mono<Void> close() {
        return Mono.defer(() -> {
            closed = true;
            Step<?> waiting = head;
            if (waiting != null) {
                waiting.close();
            }
            runner.stopReading();
            threads.finish(() -> {
                try {
                    runner.close();
                } finally {
                    gone.tryEmitEmpty();
                }
            });
            return gone.asMono().publishOn(FreeThreads.scheduler());
        });
    }

    private <T> Mono<T> inLine(BooleanSupplier needsGate, Step.Body<T> body) {
        return Mono.create(sink -> {
            Step<T> step = new Step<>(this, limits(), needsGate, body, sink);
            sink.onCancel(step::cancel);
            step.start();
        });
    }

    private Limits limits() {
        Duration ownWait = lockWaitTimeout;
        return new Limits(statementTimeout, ownWait == null ? options.busyTimeout() : ownWait, ownWait != null);
    }

    /**
     * A step is next.
     *
     * @return whether it may go on; false: the session is closed. Set before read, as {@link #close()} sets before it
     *     reads: one of the two sees the other.
     */
    boolean atHead(Step<?> step) {
        head = step;
        return !closed;
    }

    Gate line() {
        return line;
    }

    Gate writers() {
        return writers;
    }

    SessionThreads threads() {
        return threads;
    }

    SqliteErrors errors() {
        return errors;
    }

    Stoppable stoppable() {
        return new Stoppable(handle::interrupt);
    }
}
