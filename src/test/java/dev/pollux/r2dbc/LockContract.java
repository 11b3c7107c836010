package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.pollux.r2dbc.transport.TransactionMode;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import io.r2dbc.spi.TransactionDefinition;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Waiting for locks where the driver decides how long: on files and memory databases. */
interface LockContract extends Configured {

    @Test
    default void aLockIsWaitedForNoLongerThanAllowed() {
        run("CREATE TABLE t (n INTEGER)");
        Connection other = another();
        Driven.all(connection().beginTransaction());
        run("INSERT INTO t VALUES (1)");
        Driven.all(other.setLockWaitTimeout(Duration.ofMillis(50)));

        assertThatThrownBy(() -> run(other, "INSERT INTO t VALUES (2)")).isInstanceOf(R2dbcTimeoutException.class);

        Driven.all(connection().commitTransaction());
        run(other, "INSERT INTO t VALUES (3)");
        Driven.all(other.close());
    }

    @Test
    default void aTransactionsOwnLockWaitHoldsForIt() {
        run("CREATE TABLE t (n INTEGER)");
        Connection other = another();
        Driven.all(connection().beginTransaction());
        TransactionDefinition hasty =
                LibsqlTransactionDefinition.mode(TransactionMode.IMMEDIATE).lockWaitTimeout(Duration.ofMillis(50));

        assertThatThrownBy(() -> Driven.all(other.beginTransaction(hasty))).isInstanceOf(R2dbcTimeoutException.class);

        Driven.all(connection().commitTransaction());
        Driven.all(other.beginTransaction(hasty));
        Driven.all(other.close());
    }

    @Test
    default void noWaitAtAllIsAllowed() {
        run("CREATE TABLE t (n INTEGER)");
        Connection other = another();
        Driven.all(connection().beginTransaction());
        Driven.all(other.setLockWaitTimeout(Duration.ZERO));

        assertThatThrownBy(() -> run(other, "INSERT INTO t VALUES (1)")).isInstanceOf(R2dbcTimeoutException.class);

        Driven.all(connection().rollbackTransaction());
        run(other, "INSERT INTO t VALUES (1)");
        Driven.all(other.close());
    }

    @Test
    default void aWaitThatNobodyAskedForEndsAsBusyAndOneThatWasAskedForAsATimeout() {
        run("CREATE TABLE t (n INTEGER)");
        Driven.all(connection().beginTransaction());
        run("INSERT INTO t VALUES (1)");

        assertThat(endOfWait("busyTimeout=PT0.05S")).isInstanceOf(R2dbcTransientResourceException.class);
        assertThat(endOfWait("lockWaitTimeout=PT0.05S")).isInstanceOf(R2dbcTimeoutException.class);
    }

    private Throwable endOfWait(String option) {
        LibsqlConnectionFactory hasty = factoryWith(option);
        Connection other = Driven.all(hasty.create()).get(0);
        Throwable end = catchThrowable(() -> run(other, "INSERT INTO t VALUES (2)"));
        Driven.all(other.close());
        Driven.all(hasty.close());
        return end;
    }
}
