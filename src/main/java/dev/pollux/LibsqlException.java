package dev.pollux;

import org.jspecify.annotations.Nullable;

/**
 * What the queue fails with: tells the step, the queue and the task, what happened and what to do. Messages hold no
 * payload and no secret. The cause is the driver's {@code io.r2dbc.spi.R2dbcException}, if the database was the reason.
 */
public class LibsqlException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** For the exceptions of Pollux' own packages. */
    protected LibsqlException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
