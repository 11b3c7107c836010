package dev.pollux.r2dbc.transport;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import org.jspecify.annotations.Nullable;

/**
 * A write was sent and no answer came: it may have run, may run yet, or may never run. Repeating it is safe only if it
 * is idempotent by its own keys. Callers that see only the SPI know it by its SQLSTATE, {@code 08007}.
 */
public final class OutcomeUnknownException extends R2dbcNonTransientResourceException {

    private static final long serialVersionUID = 1L;

    private OutcomeUnknownException(String message, @Nullable String sql) {
        super(message, Faults.OUTCOME_UNKNOWN, 0, sql, null);
    }

    /** A write of which only this is known: it took effect, and its answer is lost. Repeating it would do it twice. */
    public static OutcomeUnknownException committed(String where, String what, @Nullable String sql) {
        return new OutcomeUnknownException("committed, but its answer is lost, on " + where + ": " + what, sql);
    }

    /** Names the database and what broke. */
    public OutcomeUnknownException(String where, String what, @Nullable String sql, @Nullable Throwable cause) {
        super(
                "outcome unknown on " + where + ": " + what + " (the statement may or may not have taken effect)",
                Faults.OUTCOME_UNKNOWN,
                0,
                sql,
                cause);
    }
}
