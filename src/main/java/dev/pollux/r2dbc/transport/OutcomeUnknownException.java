package dev.pollux.r2dbc.transport;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import org.jspecify.annotations.Nullable;

/**
 * A write was sent and no answer came: it may have run, may run yet, or may never run. Repeating it is safe only if it
 * is idempotent by its own keys. Callers that see only the SPI know it by its SQLSTATE, {@code 08007}.
 */
public final class OutcomeUnknownException extends R2dbcNonTransientResourceException {

    private static final long serialVersionUID = 1L;

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
