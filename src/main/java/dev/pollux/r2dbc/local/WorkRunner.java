package dev.pollux.r2dbc.local;

import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Gate;
import dev.pollux.r2dbc.transport.TransactionMode;
import dev.pollux.r2dbc.transport.Work;
import io.r2dbc.spi.R2dbcException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteErrorCode;
import reactor.core.Disposable;

/**
 * Runs a session's steps, and knows what is open: a transaction, the write gate it holds, a cursor.
 *
 * <pre>
 *   NONE --begin--&gt; OPEN --commit, rollback--&gt; NONE
 *   OPEN --SQLite rolled back by itself--&gt; LOST --rollback--&gt; NONE
 * </pre>
 *
 * <p>SQLite rolls a transaction back by itself when, for example, the disk is full, a write is interrupted, or a
 * constraint says {@code ON CONFLICT ROLLBACK}. Statements after that would commit one by one; in LOST they fail.
 *
 * @see <a href="https://www.sqlite.org/lang_transaction.html">SQLite, response to errors within a transaction</a>
 */
final class WorkRunner {

    private enum Transaction {
        NONE,
        OPEN,
        LOST
    }

    /** How many rows a reading call has at first, for most give no more. */
    private static final int FIRST_PORTION_ROWS = 256;

    /** How many rows come at a time after that, so that handing them over takes little of the time of reading them. */
    private static final int LATER_PORTION_ROWS = 1024;

    /** How many calls of one statement are run without a look whether they were stopped; SQLite is interrupted at once. */
    private static final int MOST_AT_ONCE = 256;

    private final SessionThreads threads;
    private final SqliteHandle handle;
    private final DatabaseFile file;
    private final SqliteErrors errors;
    private final boolean readersBlockWriters;
    // Written by the session's worker only; read by others when a step is at the head of the line.
    private volatile Transaction transaction = Transaction.NONE;
    private boolean deferred; // the open transaction
    private volatile Gate.@Nullable Turn heldGate;
    private volatile @Nullable Cursor cursor;

    WorkRunner(
            SessionThreads threads,
            SqliteHandle handle,
            DatabaseFile file,
            SqliteErrors errors,
            boolean readersBlockWriters) {
        this.threads = threads;
        this.handle = handle;
        this.file = file;
        this.errors = errors;
        this.readersBlockWriters = readersBlockWriters;
    }

    boolean inTransaction() {
        return transaction != Transaction.NONE;
    }

    /** Whether its file is not there any more, so that only closing is left to be done. */
    boolean isLost() {
        return file.isLost();
    }

    /** Whether work must be inside the write gate. The gate that a transaction holds lets all of its work in. */
    boolean needsGate(Work work) {
        return heldGate == null && transaction != Transaction.LOST && (readersBlockWriters || !work.readsOnly());
    }

    /** Whether a transaction must be inside the write gate from its beginning. */
    boolean needsGate(TransactionMode mode) {
        return transaction == Transaction.NONE && (readersBlockWriters || mode != TransactionMode.DEFERRED);
    }

    List<Answer> execute(Work work, Step<?> step) {
        readOut();
        if (transaction == Transaction.LOST) {
            throw errors.transactionLost();
        }
        if (transaction == Transaction.OPEN && heldGate == null) {
            heldGate = step.keepGate(); // a deferred transaction's first write: SQLite's lock stays until its end
        }
        if (transaction == Transaction.NONE && work.calls().size() > 1) {
            return unit(work, step);
        }
        if (transaction == Transaction.NONE && !work.readsOnly()) {
            file.beforeCommit();
        } else {
            file.beforeWork();
        }
        try {
            return calls(work, step, transaction == Transaction.OPEN);
        } catch (RuntimeException e) {
            noticeRollback();
            throw e;
        }
    }

    /** Several calls as one transaction. A stop that comes before the commit wins; after that the commit does. */
    private List<Answer> unit(Work work, Step<?> step) {
        TransactionMode mode = work.readsOnly() ? TransactionMode.DEFERRED : TransactionMode.IMMEDIATE;
        boolean committed = false;
        file.beforeWork();
        try {
            guarded(step, null, () -> ran(mode.sql()));
            List<Answer> answers = calls(work, step, true);
            refuseIfStopped(step);
            if (mode != TransactionMode.DEFERRED) {
                file.beforeCommit();
            }
            uninterrupted(step, "COMMIT");
            committed = true;
            return answers;
        } finally {
            if (!committed) {
                handle.rollback();
            }
        }
    }

    private List<Answer> calls(Work work, Step<?> step, boolean inTransaction) {
        boolean stream = work.calls().size() == 1 && work.readsOnly() && !readersBlockWriters;
        int rows = work.fetchSize() > 0 ? work.fetchSize() : FIRST_PORTION_ROWS;
        int laterRows = work.fetchSize() > 0 ? work.fetchSize() : LATER_PORTION_ROWS;
        int most = stream ? rows : Integer.MAX_VALUE;
        long mostBytes = stream ? Cursor.PORTION_BYTES : Long.MAX_VALUE;
        boolean locked = transaction == Transaction.NONE || !deferred;
        List<Answer> answers = new ArrayList<>(work.calls().size());
        handle.waitForLocks(step.limits().lockWait(), step.stoppable());
        try {
            // All calls are one stretch: work of a thousand should not begin and end to be stoppable a thousand times.
            return step.stoppable().run(() -> {
                while (answers.size() < work.calls().size()) {
                    step.stoppable().check();
                    List<Call> alike = alike(work.calls(), answers.size());
                    if (alike.size() == 1 || !ranForEach(alike, locked, answers)) {
                        for (Call call : alike) {
                            step.stoppable().check();
                            answers.add(answer(handle.run(call, inTransaction, most, mostBytes), laterRows, step));
                        }
                    }
                }
                return answers;
            });
        } catch (SQLException e) {
            String failed = work.calls().get(answers.size()).sql();
            throw mapped(e, step.stoppable(), step.limits(), failed);
        }
    }

    /** The calls from there on that run the same statement, up to so many that a stop is noticed between them. */
    private static List<Call> alike(List<Call> calls, int from) {
        String sql = calls.get(from).sql();
        int end = from + 1;
        while (end < calls.size()
                && end - from < MOST_AT_ONCE
                && calls.get(end).sql().equals(sql)) {
            end++;
        }
        return calls.subList(from, end);
    }

    private boolean ranForEach(List<Call> alike, boolean locked, List<Answer> answers) throws SQLException {
        long[] changed = handle.runForEach(alike, locked);
        if (changed != null) {
            for (long rows : changed) {
                answers.add(Answer.changed(rows));
            }
        }
        return changed != null;
    }

    private Answer answer(SqliteHandle.Run run, int laterRows, Step<?> step) {
        if (run.unread() == null) {
            return Answer.whole(run.columns(), run.rows(), run.rowsAffected());
        }
        Cursor opened = new Cursor(handle, run.unread(), laterRows, step.limits());
        cursor = opened;
        return new Answer(run.columns(), run.rows(), Portions.of(threads, this, opened), 0);
    }

    void begin(TransactionMode mode, Step<?> step) {
        readOut();
        if (transaction != Transaction.NONE) {
            throw new IllegalStateException("a transaction is open: commit it or roll it back first");
        }
        file.beforeWork();
        guarded(step, null, () -> ran(mode.sql()));
        transaction = Transaction.OPEN;
        deferred = mode == TransactionMode.DEFERRED;
        heldGate = step.keepGate();
    }

    void commit(Step<?> step) {
        readOut();
        if (transaction == Transaction.LOST) {
            throw errors.transactionLost();
        }
        if (transaction == Transaction.OPEN) {
            try {
                file.beforeCommit();
                uninterrupted(step, "COMMIT");
            } catch (RuntimeException e) {
                noticeRollback(); // if it is still open, because a lock is missing say, it can be tried again
                throw e;
            }
            ended();
        }
    }

    void rollback() {
        readOut();
        if (transaction != Transaction.NONE) {
            handle.rollback();
            ended();
        }
    }

    private void ended() {
        transaction = Transaction.NONE;
        leaveGate();
    }

    private void noticeRollback() {
        if (transaction == Transaction.OPEN && handle.isAutocommit()) {
            transaction = Transaction.LOST;
            leaveGate(); // SQLite has let go of its lock
        }
    }

    private void leaveGate() {
        Gate.Turn held = heldGate;
        heldGate = null;
        if (held != null) {
            held.leave();
        }
    }

    /** Asks SQLite something that needs no lock. */
    void ping() {
        try {
            file.beforeWork();
            handle.value("SELECT 1");
        } catch (SQLException e) {
            throw errors.reported(e, null);
        }
    }

    /** Reads on, for {@link Portions}. */
    Prepared.Portion read(Cursor from) {
        handle.waitForLocks(from.limits().lockWait(), from.stoppable());
        Disposable timer = from.stoppable().stopAfter(from.limits().statementTimeout());
        try {
            return from.next();
        } catch (SQLException e) {
            R2dbcException failure = mapped(e, from.stoppable(), from.limits(), null);
            noticeRollback();
            throw failure;
        } finally {
            timer.dispose();
        }
    }

    private void readOut() {
        Cursor open = cursor;
        cursor = null;
        if (open == null || !open.isOpen()) {
            return;
        }
        handle.waitForLocks(open.limits().lockWait(), open.stoppable());
        Disposable timer = open.stoppable().stopAfter(open.limits().statementTimeout());
        try {
            if (!open.readOut()) {
                open.fail(errors.found(
                        SQLiteErrorCode.SQLITE_NOMEM,
                        "the connection was used for other work before these rows were read, and the rest of them is"
                                + " too much to keep in memory: read them first, or use another connection",
                        null));
            }
        } catch (SQLException e) {
            open.fail(mapped(e, open.stoppable(), open.limits(), null));
            noticeRollback();
        } finally {
            timer.dispose();
        }
    }

    /** Stops the cursor that is being read, from any thread. */
    void stopReading() {
        Cursor open = cursor;
        if (open != null) {
            open.stoppable().stop(Stoppable.Reason.CLOSED);
        }
    }

    /** The error of a session that is closed. */
    R2dbcException closed() {
        return errors.closed();
    }

    /** Closes a file that is not there any more: nobody can use it, and it keeps others from the one that is there now. */
    void closeIfLost() {
        R2dbcException lost = file.find();
        if (lost == null) {
            return;
        }
        Cursor open = cursor;
        cursor = null;
        if (open != null) {
            open.fail(lost);
        }
        if (transaction == Transaction.OPEN) {
            transaction = Transaction.LOST;
        }
        leaveGate();
        file.close(handle);
    }

    /** Rolls back and frees everything. */
    void close() {
        Cursor open = cursor;
        cursor = null;
        if (open != null) {
            open.close();
        }
        try {
            file.close(handle);
        } finally {
            ended();
        }
    }

    private boolean ran(String sql) throws SQLException {
        handle.control(sql);
        return true;
    }

    private void refuseIfStopped(Step<?> step) {
        if (step.stoppable().reason() != null) {
            throw errors.stopped(step.stoppable().reason(), step.limits().statementTimeout(), null);
        }
    }

    private <R> R guarded(Step<?> step, @Nullable String sql, Stoppable.Body<R> body) {
        handle.waitForLocks(step.limits().lockWait(), step.stoppable());
        try {
            return step.stoppable().run(body);
        } catch (SQLException e) {
            throw mapped(e, step.stoppable(), step.limits(), sql);
        }
    }

    /** A commit that is interrupted would leave its outcome unknown, so only its wait for a lock is stoppable. */
    private void uninterrupted(Step<?> step, String sql) {
        handle.waitForLocks(step.limits().lockWait(), step.stoppable());
        try {
            handle.control(sql);
        } catch (SQLException e) {
            throw mapped(e, step.stoppable(), step.limits(), sql);
        }
    }

    private R2dbcException mapped(SQLException e, Stoppable work, Limits limits, @Nullable String sql) {
        return work.reason() != null && SqliteErrors.isStop(e)
                ? errors.stopped(work.reason(), limits.statementTimeout(), sql)
                : errors.reported(e, sql);
    }
}
