package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.hrana.Step.Condition;
import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.TransactionMode;
import dev.pollux.r2dbc.transport.Work;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The two shapes of batch.
 *
 * <p>Alone, a batch brings its own transaction: {@code BEGIN; s1 if ok(0); ... COMMIT if ok(n); ROLLBACK if not
 * ok(commit)}. An unconditional step would run after a failed one.
 *
 * <p>In a transaction every step is guarded by {@code not is_autocommit}. A server that needs the write lock for someone
 * else takes it from a transaction that held it for 5 seconds, tells its next statement so, and then lets the
 * statements after that commit one by one: without the guard they would.
 */
final class Batches {

    private static final Condition IN_TRANSACTION = new Condition.Not(new Condition.IsAutocommit());

    private Batches() {}

    /** The work as a transaction of its own; the answers of its calls are those of the steps from 1 on. */
    static List<Step> alone(Work work, boolean v3) {
        List<Step> steps = new ArrayList<>(work.calls().size() + 3);
        // One that only reads needs no lock, and a token that may only read could not take it.
        TransactionMode mode = work.readsOnly() ? TransactionMode.DEFERRED : TransactionMode.IMMEDIATE;
        steps.add(new Step(control(mode.sql()), null));
        for (Call call : work.calls()) {
            steps.add(new Step(call, new Condition.Ok(steps.size() - 1)));
        }
        int commit = steps.size();
        steps.add(new Step(control("COMMIT"), new Condition.Ok(commit - 1)));
        Condition notCommitted = new Condition.Not(new Condition.Ok(commit));
        steps.add(new Step(
                control("ROLLBACK"), v3 ? new Condition.And(List.of(notCommitted, IN_TRANSACTION)) : notCommitted));
        return steps;
    }

    /** The work as steps of the stream's open transaction. */
    static List<Step> joined(Work work, boolean v3) {
        List<Step> steps = new ArrayList<>(work.calls().size());
        for (Call call : work.calls()) {
            int i = steps.size();
            steps.add(new Step(call, i == 0 ? guard(v3) : after(i - 1, v3)));
        }
        return steps;
    }

    private static @Nullable Condition guard(boolean v3) {
        return v3 ? IN_TRANSACTION : null;
    }

    private static Condition after(int step, boolean v3) {
        Condition ok = new Condition.Ok(step);
        return v3 ? new Condition.And(List.of(ok, IN_TRANSACTION)) : ok;
    }

    /** A statement of ours without arguments. */
    static Call control(String sql) {
        return Call.write(sql);
    }
}
