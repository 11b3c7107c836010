package dev.pollux;

import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcTransientException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Exceptions;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * What the queue makes of an R2DBC exception. It goes by the SPI's classes and by SQLSTATEs, so that it works over any
 * pool or proxy that keeps them.
 */
final class Fault {

    private static final Logger LOG = LoggerFactory.getLogger(Fault.class);
    private static final Duration FIRST_BACKOFF = Duration.ofMillis(50);
    private static final Duration MAX_BACKOFF = Duration.ofSeconds(5);

    private static final String FULL = "53100";
    private static final String READ_ONLY = "25006";

    private Fault() {}

    /** Whether the same statement may succeed a moment later: a busy database, the network, a 5xx, a 429. */
    static boolean passing(Throwable error) {
        String state = state(error);
        // 08P01: the server could not read the request, and will not the next time.
        return error instanceof R2dbcTransientException
                || (state.startsWith("08") && !state.equals("08P01") && !connectionRefused(state));
    }

    /** Whether there is no connection until somebody puts something right: the server's certificate is not trusted. */
    private static boolean connectionRefused(String state) {
        return state.equals("08004");
    }

    /** Whether the statement may have taken effect: SQLSTATE 08007, transaction resolution unknown. */
    static boolean outcomeUnknown(Throwable error) {
        return state(error).equals("08007");
    }

    /** Whether somebody may put it right at any moment while all else goes on: a full disk, a file that may not be written. */
    static boolean curable(Throwable error) {
        return state(error).equals(FULL) || state(error).equals(READ_ONLY);
    }

    /** Whether a fault ends a poll: it cannot pass without somebody's help. */
    static boolean fatal(Throwable error) {
        // A full disk is nobody's mistake here, and space may be freed.
        return !passing(error) && !state(error).equals(FULL);
    }

    /** Whether a row, rather than the statement or the database, may be at fault, so that others may pass without it. */
    static boolean ofOneRow(Throwable error) {
        if (error instanceof IllegalArgumentException) {
            // The driver does not take a value that was bound.
            return true;
        }
        if (passing(error) || !(error instanceof R2dbcNonTransientException)) {
            return false;
        }
        if (error instanceof R2dbcPermissionDeniedException || missingSchema(error)) {
            return false;
        }
        String state = state(error);
        return !state.startsWith("58") && !state.equals(FULL) && !connectionRefused(state);
    }

    /** Whether tables, columns or indexes are not there: {@code setup()} was not called, or not by this version. */
    static boolean missingSchema(Throwable error) {
        if (!(error instanceof R2dbcBadGrammarException) || error.getMessage() == null) {
            return false;
        }
        String message = error.getMessage().toLowerCase(Locale.ROOT);
        return message.contains("no such table")
                || message.contains("no such index")
                || message.contains("no such column");
    }

    /** Whether the connection it happened on should not be used again. */
    static boolean breaksConnection(Throwable error) {
        return state(error).startsWith("08") || state(error).startsWith("58") || !(error instanceof R2dbcException);
    }

    /** The wait before the next try: doubling, at most 5 s, with jitter so that many processes spread out. */
    static Duration backoff(int tries) {
        double most = Math.min(
                FIRST_BACKOFF.toMillis() * (double) (1L << Math.min(tries, 20)), (double) MAX_BACKOFF.toMillis());
        return Duration.ofMillis(
                (long) (most * (0.5 + ThreadLocalRandom.current().nextDouble() / 2)));
    }

    /** The error as users get it: with the step and the queue, and the remedy where the queue knows one. */
    static LibsqlException describe(String step, Throwable error) {
        if (error instanceof LibsqlException known) {
            return known;
        }
        if (missingSchema(error)) {
            return new SchemaException(
                    step + ": the database lacks tables, columns or indexes of the queue: call setup() once before ("
                            + error.getMessage() + ")",
                    error);
        }
        String hint = outcomeUnknown(error) ? " (it may have taken effect or not)" : "";
        return new LibsqlException(step + " failed" + hint + ": " + error.getMessage(), error);
    }

    /** Whether a value is too large for the database. */
    static boolean tooLarge(Throwable error) {
        return state(error).equals("54000");
    }

    /** Drops an error that nobody waits for, as Reactor does: it is logged, unless the application's hook does otherwise. */
    static void drop(Throwable error, ContextView context) {
        try {
            Operators.onErrorDropped(error, Context.of(context));
        } catch (Throwable e) { // A hook may throw, and an error may fail to say what it is.
            LOG.warn("an error was dropped: {}", error.getClass());
        }
    }

    /** What to throw on, so that neither an Error nor a RuntimeException changes on its way. */
    static RuntimeException unchecked(Throwable error) {
        if (error instanceof Error fatal) {
            throw fatal;
        }
        return Exceptions.propagate(error);
    }

    private static String state(Throwable error) {
        if (error instanceof R2dbcException known && known.getSqlState() != null) {
            return known.getSqlState();
        }
        return "";
    }
}
