package dev.pollux.r2dbc;

import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import dev.pollux.r2dbc.transport.Work;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Lifecycle;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A connection over a transport's session.
 *
 * <p>Statements and transaction calls run one at a time, in the order of subscription. A result that is still being
 * read when the next one is due does not hold it up: what is left of its rows is kept in memory, up to 64 MB, after
 * which the rows end with an error. One that nobody has begun to read is given up. A transaction begins IMMEDIATE
 * unless its definition says otherwise, so that one that reads and then writes cannot lose its snapshot to another
 * writer. SQLite's isolation is SERIALIZABLE and nothing else; asking for a weaker level is granted with this stronger
 * one, as the SQL standard allows.
 *
 * <p>With auto-commit off and no transaction begun, the first statement begins one (IMMEDIATE), so that nothing commits
 * behind the caller's back.
 *
 * <p>All publishers are cold and emit on a thread that must not block; their errors are R2DBC exceptions.
 */
final class LibsqlConnection implements Connection, Lifecycle {

    private final Session session;
    private final SqlCache cache;
    private final LibsqlConnectionMetadata metadata;
    private final String database;
    private final @Nullable Duration defaultLockWait;
    private final @Nullable Duration defaultStatementTimeout;

    private volatile boolean autoCommit = true;
    private volatile boolean readOnlyTransaction;
    private volatile boolean ownLockWait;
    private volatile @Nullable Duration lockWait;

    /** The last answer with a cursor, until the connection is used again. */
    private final AtomicReference<@Nullable OpenAnswer> open = new AtomicReference<>();

    LibsqlConnection(Session session, LibsqlConnectionFactory.Defaults defaults) {
        this.session = session;
        this.cache = defaults.cache();
        this.database = defaults.database();
        this.metadata = new LibsqlConnectionMetadata(defaults.product(), session.databaseVersion());
        this.defaultLockWait = defaults.lockWait();
        this.defaultStatementTimeout = defaults.statementTimeout();
        this.lockWait = defaultLockWait;
        restoreTimeouts();
    }

    private void restoreTimeouts() {
        lockWait = defaultLockWait;
        session.lockWaitTimeout(defaultLockWait);
        session.statementTimeout(defaultStatementTimeout);
    }

    // Statements

    @Override
    public LibsqlBatch createBatch() {
        return new LibsqlBatch(this);
    }

    /**
     * A statement over a text of one or several statements.
     *
     * @throws IllegalArgumentException if the text is null, holds no statement, or holds one that controls transactions
     */
    @Override
    public LibsqlStatement createStatement(String sql) {
        return new LibsqlStatement(this, parse(Require.nonNull(sql, "sql")));
    }

    ParsedSql parse(String sql) {
        return cache.get(sql);
    }

    /** Runs work when subscribed; one result for each of its calls. */
    Publisher<LibsqlResult> run(Work work) {
        List<Call> calls = work.calls();
        if (calls.size() == 1) {
            Call.Kind kind = calls.get(0).kind();
            // A Mono, for whoever takes only the first result must not cancel what that result still reads from.
            return Mono.defer(() -> {
                AtomicReference<@Nullable OpenAnswer> passing = new AtomicReference<>();
                return Flux.defer(() -> start(work, session::execute))
                        .singleOrEmpty()
                        .map(answer -> {
                            OpenAnswer opened = opened(answer, kind);
                            passing.set(opened);
                            return new LibsqlResult(opened);
                        })
                        .doAfterTerminate(() -> {
                            OpenAnswer opened = passing.get();
                            if (opened != null) {
                                opened.passed();
                            }
                        });
            });
        }
        return Mono.from(Flux.defer(() -> start(work, session::executeAll)))
                .flatMapIterable(answers -> results(answers, calls));
    }

    private List<LibsqlResult> results(List<Answer> answers, List<Call> calls) {
        List<LibsqlResult> results = new ArrayList<>(answers.size());
        for (int i = 0; i < answers.size(); i++) {
            // Each of several is whole, and never given up.
            results.add(
                    new LibsqlResult(new OpenAnswer(answers.get(i), calls.get(i).kind())));
        }
        return results;
    }

    private OpenAnswer opened(Answer answer, Call.Kind kind) {
        OpenAnswer opened = new OpenAnswer(answer, kind);
        if (!opened.isWhole()) {
            open.set(opened);
        }
        return opened;
    }

    private <T> Flux<T> start(Work work, Function<Work, Publisher<T>> how) {
        Flux<T> answers = inTransactionIfDue(work, how);
        return hasLockWait() ? answers.onErrorMap(LibsqlConnection::lockTimeout) : answers;
    }

    /** Whether the user has said how long to wait, rather than left it to the database's default. */
    private boolean hasLockWait() {
        return lockWait != null || ownLockWait;
    }

    /** The SPI wants a timeout where the lock-wait timeout that was asked for has passed. */
    private static Throwable lockTimeout(Throwable error) {
        return error instanceof R2dbcTransientResourceException busy && "55P03".equals(busy.getSqlState())
                ? new R2dbcTimeoutException(
                        busy.getMessage(), busy.getSqlState(), busy.getErrorCode(), busy.getSql(), busy)
                : error;
    }

    private <T> Flux<T> inTransactionIfDue(Work work, Function<Work, Publisher<T>> how) {
        abandonUnread();
        if (session.inTransaction() && readOnlyTransaction && !work.readsOnly()) {
            return Flux.error(new R2dbcPermissionDeniedException(
                    "a statement that may write was run in a read-only transaction on " + database, "25006"));
        }
        Publisher<T> answers = how.apply(work);
        return autoCommit || session.inTransaction()
                ? Flux.from(answers)
                : begin(TransactionMode.IMMEDIATE, false, null).thenMany(answers);
    }

    private void abandonUnread() {
        OpenAnswer left = open.get();
        if (left != null && open.compareAndSet(left, null)) {
            left.abandonUnread();
        }
    }

    // Transactions

    @Override
    public Mono<Void> beginTransaction() {
        return Mono.defer(() -> begin(TransactionMode.IMMEDIATE, false, null));
    }

    /**
     * Begins a transaction. Of the definition it reads {@link TransactionDefinition#ISOLATION_LEVEL}, {@link
     * TransactionDefinition#READ_ONLY}, {@link TransactionDefinition#LOCK_WAIT_TIMEOUT}, which holds until the
     * transaction ends, and {@link LibsqlTransactionDefinition#MODE}. On a server the lock-wait timeout bounds the
     * {@code BEGIN}, where a transaction that is not DEFERRED does all its waiting. A BEGIN that is not answered in
     * time changes nothing; should its answer have been on its way, the server takes the lock back within 10 seconds,
     * or 5 if another writer waits.
     */
    @Override
    public Mono<Void> beginTransaction(TransactionDefinition definition) {
        Require.nonNull(definition, "definition");
        return Mono.defer(() -> {
            IsolationLevel level = definition.getAttribute(TransactionDefinition.ISOLATION_LEVEL);
            if (level != null) {
                requireKnown(level);
            }
            boolean readOnly = Boolean.TRUE.equals(definition.getAttribute(TransactionDefinition.READ_ONLY));
            TransactionMode mode = definition.getAttribute(LibsqlTransactionDefinition.MODE);
            if (mode == null) {
                mode = readOnly ? TransactionMode.DEFERRED : TransactionMode.IMMEDIATE;
            }
            return begin(mode, readOnly, definition.getAttribute(TransactionDefinition.LOCK_WAIT_TIMEOUT));
        });
    }

    private Mono<Void> begin(TransactionMode mode, boolean readOnly, @Nullable Duration wait) {
        abandonUnread();
        Mono<Void> begin = session.begin(mode).doOnSuccess(begun -> readOnlyTransaction = readOnly);
        if (wait != null) {
            session.transactionLockWait(requireNotNegative(wait, "lockWaitTimeout"));
            ownLockWait = true;
        }
        return hasLockWait()
                ? begin.onErrorMap(LibsqlConnection::lockTimeout)
                        .doOnError(e -> restoreLockWait())
                        .doOnCancel(this::restoreLockWait)
                : begin;
    }

    /**
     * Commits. A commit that fails has committed nothing, unless its error says that the outcome is unknown. Afterwards
     * {@link #rollbackTransaction()} or {@link #close()} is right in every case. On a file or in memory the transaction
     * may also be still open, which {@link #isAutoCommit()} tells: one that violates a deferred foreign key can be
     * mended and one that met another process's lock can wait, and be committed again. On a server it is over.
     */
    @Override
    public Mono<Void> commitTransaction() {
        return end(session::commit);
    }

    @Override
    public Mono<Void> rollbackTransaction() {
        return end(session::rollback);
    }

    private Mono<Void> end(Supplier<Mono<Void>> how) {
        return Mono.defer(() -> {
                    abandonUnread();
                    Mono<Void> end = how.get();
                    return hasLockWait() ? end.onErrorMap(LibsqlConnection::lockTimeout) : end;
                })
                .doOnTerminate(this::restoreLockWait);
    }

    private void restoreLockWait() {
        if (ownLockWait) {
            ownLockWait = false;
            session.lockWaitTimeout(lockWait);
        }
    }

    /** Creates a savepoint, and begins a transaction for it if none is open. */
    @Override
    public Mono<Void> createSavepoint(String name) {
        Mono<Void> savepoint = savepoint("SAVEPOINT ", name);
        return Mono.defer(
                () -> session.inTransaction() ? savepoint : beginTransaction().then(savepoint));
    }

    @Override
    public Mono<Void> releaseSavepoint(String name) {
        return savepoint("RELEASE SAVEPOINT ", name);
    }

    @Override
    public Mono<Void> rollbackTransactionToSavepoint(String name) {
        return savepoint("ROLLBACK TO SAVEPOINT ", name);
    }

    private Mono<Void> savepoint(String verb, String name) {
        Work work = Work.of(Call.write(verb + Identifiers.savepoint(Require.nonNull(name, "name"))));
        return Mono.defer(() -> {
            abandonUnread();
            return session.execute(work).then();
        });
    }

    @Override
    public boolean isAutoCommit() {
        return autoCommit && !session.inTransaction();
    }

    @Override
    public Mono<Void> setAutoCommit(boolean autoCommit) {
        return Mono.defer(() -> {
            boolean changed = autoCommit != isAutoCommit();
            Mono<Void> before = changed ? commitTransaction() : Mono.empty();
            return before.doOnSuccess(committed -> this.autoCommit = autoCommit);
        });
    }

    @Override
    public IsolationLevel getTransactionIsolationLevel() {
        return IsolationLevel.SERIALIZABLE;
    }

    /** Accepts the four levels of the SQL standard, and goes on with SERIALIZABLE, which is at least as strong. */
    @Override
    public Mono<Void> setTransactionIsolationLevel(IsolationLevel isolationLevel) {
        Require.nonNull(isolationLevel, "isolationLevel");
        return Mono.fromRunnable(() -> requireKnown(isolationLevel));
    }

    private static void requireKnown(IsolationLevel level) {
        if (level != IsolationLevel.SERIALIZABLE
                && level != IsolationLevel.REPEATABLE_READ
                && level != IsolationLevel.READ_COMMITTED
                && level != IsolationLevel.READ_UNCOMMITTED) {
            throw new UnsupportedOperationException(
                    "isolation level " + level.asSql() + ": SQLite's transactions are SERIALIZABLE");
        }
    }

    // Settings and the end

    /**
     * Sets how long work waits for another writer's lock; zero: not at all. On a server, which decides that by itself,
     * this ends in UnsupportedOperationException.
     */
    @Override
    public Mono<Void> setLockWaitTimeout(Duration timeout) {
        requireNotNegative(timeout, "timeout");
        return setting(
                wait -> {
                    session.lockWaitTimeout(wait);
                    lockWait = wait;
                },
                timeout);
    }

    @Override
    public Mono<Void> setStatementTimeout(Duration timeout) {
        requireNotNegative(timeout, "timeout");
        return setting(session::statementTimeout, timeout.isZero() ? null : timeout);
    }

    private static Mono<Void> setting(Consumer<@Nullable Duration> setter, @Nullable Duration value) {
        return Mono.fromRunnable(() -> setter.accept(value));
    }

    private static Duration requireNotNegative(Duration timeout, String name) {
        if (Require.nonNull(timeout, name).isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative: " + timeout);
        }
        return timeout;
    }

    @Override
    public LibsqlConnectionMetadata getMetadata() {
        return metadata;
    }

    @Override
    public Mono<Boolean> validate(ValidationDepth depth) {
        boolean remote = Require.nonNull(depth, "depth") == ValidationDepth.REMOTE;
        return Mono.defer(() -> {
                    if (remote) {
                        abandonUnread();
                    }
                    return session.validate(remote);
                })
                .onErrorReturn(false);
    }

    @Override
    public Mono<Void> postAllocate() {
        return Mono.empty();
    }

    /** Makes the connection as good as new before a pool hands it on: no transaction, no settings of the last user's. */
    @Override
    public Mono<Void> preRelease() {
        // Before the signal, not after it as doFinally: the next user may be waiting for it.
        return rollbackTransaction().doOnTerminate(() -> {
            autoCommit = true;
            restoreTimeouts();
        });
    }

    /** Rolls back what is open and frees the session. */
    @Override
    public Mono<Void> close() {
        return Mono.defer(() -> {
            abandonUnread();
            return session.close();
        });
    }

    @Override
    public String toString() {
        return "LibsqlConnection[" + database + "]";
    }
}
