package dev.pollux.r2dbc;

import dev.pollux.r2dbc.transport.TransactionMode;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.TransactionDefinition;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a transaction begins: SQLite's modes, and the SPI's read-only flag and lock-wait timeout. Immutable.
 *
 * <pre>{@code connection.beginTransaction(LibsqlTransactionDefinition.mode(TransactionMode.EXCLUSIVE))}</pre>
 */
public final class LibsqlTransactionDefinition implements TransactionDefinition {

    /**
     * How the transaction takes its locks. Without it a transaction is IMMEDIATE, or DEFERRED if it is {@link
     * TransactionDefinition#READ_ONLY read-only}.
     */
    public static final Option<TransactionMode> MODE = Option.valueOf("transactionMode");

    private final Map<Option<?>, Object> attributes;

    private LibsqlTransactionDefinition(Map<Option<?>, Object> attributes) {
        this.attributes = attributes;
    }

    /** A transaction that takes its locks this way. */
    public static LibsqlTransactionDefinition mode(TransactionMode mode) {
        return new LibsqlTransactionDefinition(Map.of(MODE, Require.nonNull(mode, "mode")));
    }

    /** A transaction that takes no write lock, and in which statements that may write are refused. */
    public static LibsqlTransactionDefinition readOnly() {
        return new LibsqlTransactionDefinition(Map.of(READ_ONLY, true));
    }

    /**
     * This one, waiting so long for another writer's lock; zero: not at all. On a server this bounds the {@code BEGIN}
     * only, and cannot be zero.
     */
    public LibsqlTransactionDefinition lockWaitTimeout(Duration timeout) {
        Map<Option<?>, Object> more = new HashMap<>(attributes);
        more.put(LOCK_WAIT_TIMEOUT, Require.nonNull(timeout, "timeout"));
        return new LibsqlTransactionDefinition(more);
    }

    @Override
    public <T> @Nullable T getAttribute(Option<T> option) {
        return option.cast(attributes.get(Require.nonNull(option, "option")));
    }

    @Override
    public String toString() {
        return "LibsqlTransactionDefinition" + attributes;
    }
}
