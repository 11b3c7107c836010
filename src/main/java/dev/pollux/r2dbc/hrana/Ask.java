package dev.pollux.r2dbc.hrana;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What hangs on a request, besides its body: what it means if its answer never comes.
 *
 * @param stake what would be lost with the answer
 * @param sql the statement for error messages, or null if there are several or it is one of ours
 * @param timeout how long the request may take
 */
record Ask(Stake stake, @Nullable String sql, Duration timeout) {

    /** Whether what is asked may write, and stays written when it is answered. */
    boolean lasts() {
        return stake == Stake.WRITE || stake == Stake.COMMIT;
    }

    /** What is lost with an answer. */
    enum Stake {
        /** Nothing: the request changes nothing, or nothing that lasts. */
        NOTHING,
        /** The knowledge whether a write took effect. */
        WRITE,
        /** The knowledge whether a transaction committed; if the COMMIT never left, the transaction is lost. */
        COMMIT,
        /** The transaction: no COMMIT was sent, so it can only roll back. */
        TRANSACTION
    }
}
