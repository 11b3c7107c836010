package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.transport.TransactionMode;
import dev.pollux.testing.Sqld;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.ValidationDepth;
import io.r2dbc.spi.Wrapped;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** What only a server does to connections: it makes them wait for its write lock, takes it away, and goes away. */
class SqldConnectionsIT implements Driven {

    private final LibsqlConnectionFactory factory =
            LibsqlConnectionFactory.of("r2dbc:libsql:" + Sqld.shared().url());
    private final Connection connection = another();

    @BeforeEach
    void createTable() {
        Sqld.shared().reset();
        run("CREATE TABLE t (n INTEGER)");
    }

    @AfterEach
    void closeAll() {
        Driven.all(connection.close());
        Driven.all(factory.close());
    }

    @Override
    public ConnectionFactory factory() {
        return factory;
    }

    @Override
    public Connection connection() {
        return connection;
    }

    private static LibsqlTransactionDefinition waiting(Duration time) {
        return LibsqlTransactionDefinition.mode(TransactionMode.IMMEDIATE).lockWaitTimeout(time);
    }

    @Test
    void aTransactionWaitsForTheLockNoLongerThanItsDefinitionSaysAndLeavesNothingBehind() {
        Connection other = another();
        Driven.all(connection.beginTransaction());

        assertThatThrownBy(() -> Driven.all(other.beginTransaction(waiting(Duration.ofMillis(200)))))
                .isInstanceOf(R2dbcTimeoutException.class);
        assertThat(other.isAutoCommit()).isTrue();
        run("INSERT INTO t VALUES (1)");
        Driven.all(connection.commitTransaction());

        // A lock that the BEGIN had got after all would be the server's to take away after 5 seconds.
        Driven.all(connection.setStatementTimeout(Duration.ofSeconds(4)));
        run("INSERT INTO t VALUES (2)");
        Driven.all(other.beginTransaction(waiting(Duration.ofSeconds(30))));
        run(other, "INSERT INTO t VALUES (3)");
        Driven.all(other.commitTransaction());
        assertThat(query(Integer.class, "SELECT n FROM t")).containsExactly(1, 2, 3);
        Driven.all(other.close());
    }

    @Test
    void aTimeoutOfABeginIsOfThatTransactionOnly() {
        Driven.all(Flux.from(connection.beginTransaction(waiting(Duration.ofMillis(1))))
                .onErrorComplete());
        Driven.all(connection.rollbackTransaction());

        Driven.all(connection.beginTransaction());
        run("INSERT INTO t VALUES (1)");
        Driven.all(connection.commitTransaction());
        assertThat(query(Integer.class, "SELECT n FROM t")).containsExactly(1);
    }

    @Test
    void aServerCannotBeToldNotToWaitAtAll() {
        StepVerifier.create(connection.beginTransaction(waiting(Duration.ZERO)))
                .verifyError(UnsupportedOperationException.class);
        assertThat(connection.isAutoCommit()).isTrue();
    }

    /** Takes the 5 seconds after which the server gives a waiting writer the lock. */
    @Test
    void aPooledConnectionWhoseTransactionWasTakenAwayIsReplaced() {
        ConnectionPool pool = new ConnectionPool(ConnectionPoolConfiguration.builder(factory)
                .initialSize(0)
                .maxSize(1)
                .validationDepth(ValidationDepth.LOCAL)
                .build());
        try {
            Connection victim = Driven.<Connection>all(pool.create()).get(0);
            Object inside = ((Wrapped<?>) victim).unwrap();
            Driven.all(victim.beginTransaction());
            run(victim, "INSERT INTO t VALUES (1)");
            run("INSERT INTO t VALUES (2)");
            assertThatThrownBy(() -> run(victim, "INSERT INTO t VALUES (3)"))
                    .isInstanceOf(R2dbcRollbackException.class);
            Driven.all(victim.close());

            Connection next = Driven.<Connection>all(pool.create()).get(0);
            assertThat(((Wrapped<?>) next).unwrap()).isNotSameAs(inside);
            assertThat(next.isAutoCommit()).isTrue();
            run(next, "INSERT INTO t VALUES (4)");
            Driven.all(next.close());
            assertThat(query(Integer.class, "SELECT n FROM t")).containsExactly(2, 4);
        } finally {
            Driven.all(pool.disposeLater());
        }
    }

    @Test
    void aPoolWhoseServerIsGoneSaysSoAndKeepsNoPlaceForADeadConnection() {
        try (Sqld own = Sqld.start()) {
            LibsqlConnectionFactory there = LibsqlConnectionFactory.of("r2dbc:libsql:" + own.url());
            ConnectionPool pool = new ConnectionPool(ConnectionPoolConfiguration.builder(there)
                    .initialSize(0)
                    .maxSize(1)
                    .validationDepth(ValidationDepth.REMOTE)
                    .build());
            Driven.all(Driven.<Connection>all(pool.create()).get(0).close());

            own.stop();

            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> Driven.all(pool.create())).isInstanceOf(R2dbcException.class);
            }
            assertThat(pool.getMetrics().orElseThrow().acquiredSize()).isZero();
            Driven.all(pool.disposeLater());
            Driven.all(there.close());
        }
    }
}
