package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.ValidationDepth;
import io.r2dbc.spi.Wrapped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

/** Under r2dbc-pool. */
interface PoolContract extends Driven {

    private ConnectionPool pool(int size) {
        return pool(size, ValidationDepth.REMOTE, settings -> settings);
    }

    private ConnectionPool pool(
            int size, ValidationDepth depth, UnaryOperator<ConnectionPoolConfiguration.Builder> settings) {
        return new ConnectionPool(settings.apply(ConnectionPoolConfiguration.builder(factory())
                        .maxSize(size)
                        .initialSize(0)
                        .maxAcquireTime(Duration.ofSeconds(30))
                        .validationDepth(depth))
                .build());
    }

    private static Connection acquire(ConnectionPool pool) {
        return Driven.<Connection>all(pool.create()).get(0);
    }

    /** The driver's own connection under one of the pool's. */
    @SuppressWarnings("unchecked")
    private static Connection inside(Connection pooled) {
        return ((Wrapped<Connection>) pooled).unwrap();
    }

    @Test
    default void aConnectionComesBackFromThePoolAsGoodAsNew() {
        run("CREATE TABLE t (n INTEGER)");
        ConnectionPool pool = pool(1);
        try {
            Connection first = acquire(pool);
            Driven.all(first.setAutoCommit(false));
            Driven.all(first.createSavepoint("s"));
            run(first, "INSERT INTO t VALUES (1)");
            Driven.all(first.close());

            Connection second = acquire(pool);
            assertThat(second.isAutoCommit()).isTrue();
            run(second, "INSERT INTO t VALUES (2)");
            Driven.all(second.close());

            assertThat(query(Integer.class, "SELECT n FROM t")).containsExactly(2);
        } finally {
            Driven.all(pool.disposeLater());
        }
    }

    @Test
    default void manyBorrowersShareFewConnections() {
        run("CREATE TABLE t (n INTEGER)");
        ConnectionPool pool = pool(3);
        try {
            List<Long> counts = Driven.all(Flux.range(0, 60)
                    .flatMap(
                            n -> Flux.usingWhen(
                                    pool.create(),
                                    connection -> Flux.from(connection
                                                    .createStatement("INSERT INTO t VALUES (?)")
                                                    .bind(0, n)
                                                    .execute())
                                            .flatMap(Result::getRowsUpdated),
                                    Connection::close),
                            60));

            assertThat(counts).hasSize(60);
            assertThat(query(Long.class, "SELECT count(DISTINCT n) FROM t")).containsExactly(60L);
        } finally {
            Driven.all(pool.disposeLater());
        }
    }

    @ParameterizedTest
    @EnumSource(ValidationDepth.class)
    default void aValidConnectionIsUsedAgain(ValidationDepth depth) {
        ConnectionPool pool = pool(2, depth, settings -> settings);
        try {
            Connection first = acquire(pool);
            Connection inside = inside(first);
            Driven.all(first.close());

            Connection second = acquire(pool);
            assertThat(inside(second)).isSameAs(inside);
            assertThat(query(second, Long.class, "SELECT 1")).containsExactly(1L);
            Driven.all(second.close());
        } finally {
            Driven.all(pool.disposeLater());
        }
    }

    @ParameterizedTest
    @EnumSource(ValidationDepth.class)
    default void aConnectionThatDiedInThePoolIsReplaced(ValidationDepth depth) {
        ConnectionPool pool = pool(1, depth, settings -> settings);
        try {
            Connection first = acquire(pool);
            Connection dead = inside(first);
            Driven.all(first.close());
            Driven.all(dead.close());

            Connection second = acquire(pool);
            assertThat(inside(second)).isNotSameAs(dead);
            assertThat(query(second, Long.class, "SELECT 1")).containsExactly(1L);
            Driven.all(second.close());
        } finally {
            Driven.all(pool.disposeLater());
        }
    }

    @ParameterizedTest
    @EnumSource(ValidationDepth.class)
    default void aConnectionThatDiedWithItsUserIsReplaced(ValidationDepth depth) {
        ConnectionPool pool = pool(1, depth, settings -> settings);
        try {
            Connection first = acquire(pool);
            Connection dead = inside(first);
            Driven.all(first.beginTransaction());
            Driven.all(dead.close());
            Driven.all(first.close());

            Connection second = acquire(pool);
            assertThat(inside(second)).isNotSameAs(dead);
            assertThat(second.isAutoCommit()).isTrue();
            assertThat(query(second, Long.class, "SELECT 1")).containsExactly(1L);
            Driven.all(second.close());
        } finally {
            Driven.all(pool.disposeLater());
        }
    }

    /** A clock that goes on when it is told to. */
    final class SteppedClock extends Clock {
        private volatile Instant now = Instant.EPOCH;

        void advance(Duration by) {
            now = now.plus(by);
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    default void aConnectionThatIsTooOldOrWasIdleForTooLongIsReplaced(boolean idle) {
        SteppedClock clock = new SteppedClock();
        Duration limit = Duration.ofMinutes(5);
        ConnectionPool pool = pool(
                1,
                ValidationDepth.LOCAL,
                settings -> (idle ? settings.maxIdleTime(limit) : settings.maxLifeTime(limit))
                        .backgroundEvictionInterval(Duration.ZERO)
                        .clock(clock));
        try {
            Connection first = acquire(pool);
            Connection inside = inside(first);
            Driven.all(first.close());
            clock.advance(limit.minusSeconds(1));
            Connection second = acquire(pool);
            assertThat(inside(second)).isSameAs(inside);
            Driven.all(second.close());

            clock.advance(limit);
            Connection third = acquire(pool);
            assertThat(inside(third)).isNotSameAs(inside);
            assertThat(query(third, Long.class, "SELECT 1")).containsExactly(1L);
            Driven.all(third.close());
        } finally {
            Driven.all(pool.disposeLater());
        }
    }

    @Test
    default void aPoolIsWarmedUp() {
        ConnectionPool pool = pool(5, ValidationDepth.REMOTE, settings -> settings.initialSize(3));
        try {
            assertThat(Driven.all(pool.warmup())).containsExactly(3);
            assertThat(pool.getMetrics().orElseThrow().idleSize()).isEqualTo(3);
        } finally {
            Driven.all(pool.disposeLater());
        }
    }
}
