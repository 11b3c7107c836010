package dev.pollux.r2dbc.transport;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One conversation with a database. A session runs one thing at a time, in the order of subscription; all its
 * publishers are cold, may be subscribed from any thread, and emit on a thread of {@link FreeThreads}, never on the
 * session's own.
 *
 * <p>All errors are {@link io.r2dbc.spi.R2dbcException}s made by {@link Faults}.
 */
public interface Session {

    /**
     * Runs the calls of {@code work} in order, as one unit.
     *
     * <p>Outside a transaction, a single call commits by itself; several calls run in one immediate transaction that
     * commits when all of them worked and rolls back otherwise. Inside a transaction the calls join it, and the first
     * error ends the work and leaves the transaction open.
     *
     * <p>With one call, its answer may still be reading ({@link Answer#more()}). Later work of the session does not wait
     * for whoever reads that: if it needs the cursor's place, the rest is read out into memory first, and if that is too
     * much, the rows end with an error. With several calls, each answer is whole, and none is emitted before the unit has
     * committed.
     *
     * @return one answer a call, in order. Cancelling before the work started means that it never runs; later it
     *     stops the work as soon as the database can, and whether it took effect is then unknown.
     */
    Flux<Answer> execute(Work work);

    /** What {@link #execute} emits, all at once: for work of several calls, whose answers come together. */
    default Mono<List<Answer>> executeAll(Work work) {
        return execute(work).collectList();
    }

    /** Begins a transaction; fails with {@link IllegalStateException} if one is open. */
    Mono<Void> begin(TransactionMode mode);

    /** Commits the open transaction; completes at once if none is open. */
    Mono<Void> commit();

    /** Rolls the open transaction back; completes at once if none is open. */
    Mono<Void> rollback();

    /** Whether a transaction that {@link #begin} opened is open. */
    boolean inTransaction();

    /**
     * Tells whether the session can still be used.
     *
     * @param remote whether to ask the database, rather than only look at the session's own state
     */
    Mono<Boolean> validate(boolean remote);

    /** Sets how long later work may run before it fails with {@link io.r2dbc.spi.R2dbcTimeoutException}; null: no limit. */
    void statementTimeout(@Nullable Duration timeout);

    /** Sets how long later work waits for another writer's lock; null: the transport's default. */
    void lockWaitTimeout(@Nullable Duration timeout);

    /**
     * Sets that for the transaction that begins next, until {@link #lockWaitTimeout} is called. A server, which alone
     * decides how long a statement waits, can be held to it at the {@code BEGIN} only.
     */
    default void transactionLockWait(Duration timeout) {
        lockWaitTimeout(timeout);
    }

    /** The version of SQLite behind this session, for example {@code 3.45.1}. */
    String databaseVersion();

    /** Rolls back what is open and frees the session. Idempotent; never fails. */
    Mono<Void> close();
}
