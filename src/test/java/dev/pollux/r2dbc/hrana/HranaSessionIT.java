package dev.pollux.r2dbc.hrana;

import static dev.pollux.r2dbc.hrana.Remote.PATIENCE;
import static dev.pollux.r2dbc.hrana.Remote.read;
import static dev.pollux.r2dbc.hrana.Remote.run;
import static dev.pollux.r2dbc.hrana.Remote.value;
import static dev.pollux.r2dbc.hrana.Remote.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Column;
import dev.pollux.r2dbc.transport.Faults;
import dev.pollux.r2dbc.transport.OutcomeUnknownException;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import dev.pollux.r2dbc.transport.Work;
import dev.pollux.testing.Sqld;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.NonBlocking;
import reactor.test.StepVerifier;

class HranaSessionIT {

    private final Sqld sqld = Sqld.shared();
    private final Remote remote = new Remote(sqld.url());

    @BeforeEach
    void emptyTable() {
        sqld.reset();
        write(remote.open(), "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT UNIQUE)");
    }

    @AfterEach
    void closeRemote() {
        remote.close();
    }

    @Test
    void aSingleCallCommitsByItself() {
        Session session = remote.open();

        Answer inserted = write(session, "INSERT INTO t(v) VALUES (?1)", "a");

        assertThat(inserted.rowsAffected()).isEqualTo(1);
        assertThat(value(remote.open(), "SELECT v FROM t WHERE id = ?1", 1L)).isEqualTo("a");
    }

    @Test
    void columnsHaveTheirNamesAndDeclaredTypes() {
        Answer answer = read(remote.open(), "SELECT id, v, 1 + 1 AS two FROM t");

        assertThat(answer.columns())
                .containsExactly(new Column("id", "INTEGER"), new Column("v", "TEXT"), new Column("two", null));
        assertThat(answer.rows()).isEmpty();
        assertThat(answer.rowsAffected()).isZero();
    }

    @Test
    void valuesComeBackAsTheyWereSent() {
        Session session = remote.open();
        byte[] bytes = {0, -1, 127, -128, 62, 63};

        for (Object sent :
                new Object[] {Long.MIN_VALUE, Long.MAX_VALUE, 0L, 2.5, -0.0, 1e300, "", "Zażółć 🐘 \"'\\\n"}) {
            assertThat(value(session, "SELECT ?1", sent)).isEqualTo(sent);
        }
        assertThat(value(session, "SELECT ?1", new Object[] {null})).isNull();
        assertThat((byte[]) value(session, "SELECT ?1", new Object[] {bytes})).isEqualTo(bytes);
        assertThat((byte[]) value(session, "SELECT ?1", new Object[] {new byte[0]}))
                .isEmpty();
        assertThat((byte[]) value(session, "SELECT ?1", new Object[] {new byte[] {1}}))
                .isEqualTo(new byte[] {1});
        assertThat(value(session, "SELECT typeof(?1)", 2.0)).isEqualTo("real");
    }

    @Test
    void anInfinityThatSqliteMakesComesBackAsNull() {
        assertThat(value(remote.open(), "SELECT 9e999")).isNull();
    }

    @Test
    void infinitiesAndNaNAreRefusedBeforeTheyAreSent() {
        Session session = remote.open();

        for (double number : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            assertThatThrownBy(() -> value(session, "SELECT ?1", number))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("cannot be sent");
        }
    }

    @Test
    void aBlobOfFourMegabytesTravelsBothWays() {
        Session session = remote.open();
        byte[] blob = new byte[4 * 1024 * 1024];
        new Random(1).nextBytes(blob);
        write(session, "CREATE TABLE b(v BLOB)");

        write(session, "INSERT INTO b VALUES (?1)", new Object[] {blob});

        assertThat((byte[]) value(session, "SELECT v FROM b")).isEqualTo(blob);
    }

    @Test
    void aRowOverTheServersLimitIsRefusedWithTheLimit() {
        Session session = remote.open();
        write(session, "CREATE TABLE b(v BLOB)");

        assertThatThrownBy(() -> write(session, "INSERT INTO b VALUES (?1)", new Object[] {new byte[6 << 20]}))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class)
                .hasMessageContaining("5 MB");
    }

    @Test
    void severalCallsCommitTogether() {
        Session session = remote.open();

        List<Answer> answers = run(
                session,
                Call.write("INSERT INTO t(v) VALUES (?1)", "a"),
                Call.write("INSERT INTO t(v) VALUES (?1) RETURNING id", "b"),
                Call.read("SELECT count(*) FROM t"));

        assertThat(answers).hasSize(3);
        assertThat(answers.get(1).rows().get(0)).containsExactly(2L);
        assertThat(answers.get(2).rows().get(0)).containsExactly(2L);
    }

    @Test
    void severalCallsRollBackTogetherAndTheErrorIsThatOfTheCallThatFailed() {
        Session session = remote.open();

        assertThatThrownBy(() -> run(
                        session,
                        Call.write("INSERT INTO t(v) VALUES ('a')"),
                        Call.write("INSERT INTO t(v) VALUES ('a')"),
                        Call.write("INSERT INTO t(v) VALUES ('b')")))
                .isInstanceOfSatisfying(R2dbcDataIntegrityViolationException.class, e -> {
                    assertThat(e).hasMessageContaining("UNIQUE constraint failed: t.v");
                    assertThat(e.getSql()).isEqualTo("INSERT INTO t(v) VALUES ('a')");
                });

        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L);
    }

    @Test
    void severalCallsWhoseAnswersAreTooLargeRollBackAndLeaveNoLock() {
        Session session = remote.open();

        assertThatThrownBy(() -> run(
                        session,
                        Call.write("INSERT INTO t(v) VALUES ('a')"),
                        Call.read("SELECT zeroblob(4000000) UNION ALL SELECT zeroblob(4000001)"
                                + " UNION ALL SELECT zeroblob(4000002)")))
                .isInstanceOf(R2dbcException.class)
                .hasMessageContaining("10 MB");

        long begin = System.nanoTime();
        write(remote.open(), "INSERT INTO t(v) VALUES ('b')");
        assertThat(System.nanoTime() - begin).isLessThan(3_000_000_000L);
        assertThat(value(session, "SELECT group_concat(v) FROM t")).isEqualTo("b");
    }

    @Test
    void aWriteWhoseAnswerIsTooLargeSaysThatItCommitted() {
        Session session = remote.open();
        write(session, "CREATE TABLE b(v BLOB)");
        write(session, "INSERT INTO b SELECT zeroblob(3000000) FROM json_each('[1,2,3,4]')");

        assertThatThrownBy(() -> write(session, "UPDATE b SET v = zeroblob(3000001) RETURNING v"))
                .isInstanceOf(OutcomeUnknownException.class)
                .hasMessageContaining("committed")
                .extracting(e -> ((R2dbcException) e).getSqlState())
                .isEqualTo(Faults.OUTCOME_UNKNOWN);
        assertThat(value(session, "SELECT count(*) FROM b WHERE length(v) = 3000001"))
                .isEqualTo(4L);
    }

    @Test
    void aWriteWhoseAnswerIsTooLargeCostsItsTransaction() {
        Session session = remote.open();
        write(session, "CREATE TABLE b(v BLOB)");
        write(session, "INSERT INTO b SELECT zeroblob(3000000) FROM json_each('[1,2,3,4]')");
        session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);

        assertThatThrownBy(() -> write(session, "UPDATE b SET v = zeroblob(3000001) RETURNING v"))
                .isInstanceOf(R2dbcRollbackException.class)
                .hasMessageContaining("10 MB");
        assertThatThrownBy(() -> session.commit().block(PATIENCE)).isInstanceOf(R2dbcRollbackException.class);

        assertThat(value(remote.open(), "SELECT count(*) FROM b WHERE length(v) = 3000001"))
                .isEqualTo(0L);
    }

    @Test
    void errorsNameWhatIsWrongWithTheStatement() {
        Session session = remote.open();

        assertThatThrownBy(() -> read(session, "SELECT * FROM nope"))
                .isInstanceOf(R2dbcBadGrammarException.class)
                .hasMessageContaining("no such table: nope")
                .hasMessageContaining(remote.transport().describe());
        assertThatThrownBy(() -> read(session, "SELEC 1")).isInstanceOf(R2dbcBadGrammarException.class);
        assertThatThrownBy(() -> read(session, "SELECT 1; SELECT 2")).isInstanceOf(R2dbcBadGrammarException.class);
        assertThatThrownBy(() -> read(session, "")).isInstanceOf(R2dbcBadGrammarException.class);
        assertThatThrownBy(() -> read(session, "SELECT ?1, ?2", 1L)).isInstanceOf(R2dbcBadGrammarException.class);
        assertThatThrownBy(() -> write(session, "INSERT INTO t(v) VALUES ('x'), ('x')"))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class);
    }

    @Test
    void aTransactionIsSeenByOthersOnlyAfterItsCommit() {
        Session session = remote.open();
        Session other = remote.open();

        session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
        write(session, "INSERT INTO t(v) VALUES ('a')");
        run(session, Call.write("INSERT INTO t(v) VALUES ('b')"), Call.write("INSERT INTO t(v) VALUES ('c')"));

        assertThat(session.inTransaction()).isTrue();
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(3L);
        assertThat(value(other, "SELECT count(*) FROM t")).isEqualTo(0L);
        session.commit().block(PATIENCE);
        assertThat(session.inTransaction()).isFalse();
        assertThat(value(other, "SELECT count(*) FROM t")).isEqualTo(3L);
    }

    @Test
    void aRolledBackTransactionLeavesNothing() {
        Session session = remote.open();

        session.begin(TransactionMode.DEFERRED).block(PATIENCE);
        write(session, "INSERT INTO t(v) VALUES ('a')");
        session.rollback().block(PATIENCE);

        assertThat(session.inTransaction()).isFalse();
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L);
    }

    @Test
    void closingASessionRollsItsTransactionBackAndFreesTheLock() {
        Session session = remote.open();
        session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
        write(session, "INSERT INTO t(v) VALUES ('a')");

        session.close().block(PATIENCE);
        session.close().block(PATIENCE);

        assertThat(value(remote.open(), "SELECT count(*) FROM t")).isEqualTo(0L);
        assertThatThrownBy(() -> read(session, "SELECT 1"))
                .isInstanceOf(R2dbcException.class)
                .hasMessageContaining("closed");
        assertThat(session.validate(false).block(PATIENCE)).isFalse();
    }

    @Test
    void anErrorInATransactionLeavesItOpen() {
        Session session = remote.open();
        session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
        write(session, "INSERT INTO t(v) VALUES ('a')");

        assertThatThrownBy(() -> write(session, "INSERT INTO t(v) VALUES ('a')"))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class);
        assertThatThrownBy(() -> read(session, "SELEC 1")).isInstanceOf(R2dbcBadGrammarException.class);
        assertThatThrownBy(() -> session.execute(new Work(List.of(Call.read("SELEC 1")), 10))
                        .blockLast(PATIENCE))
                .isInstanceOf(R2dbcBadGrammarException.class);
        write(session, "INSERT INTO t(v) VALUES ('b')");
        session.commit().block(PATIENCE);

        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(2L);
    }

    @Test
    void aTransactionWithinATransactionIsRefused() {
        Session session = remote.open();
        session.begin(TransactionMode.DEFERRED).block(PATIENCE);

        assertThatThrownBy(() -> session.begin(TransactionMode.DEFERRED).block(PATIENCE))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void commitAndRollbackWithoutATransactionDoNothing() {
        Session session = remote.open();

        session.commit().block(PATIENCE);
        session.rollback().block(PATIENCE);

        assertThat(session.inTransaction()).isFalse();
    }

    @Test
    void aDeferredTransactionThatWritesTooLateIsBusy() {
        Session session = remote.open();
        session.begin(TransactionMode.DEFERRED).block(PATIENCE);
        read(session, "SELECT count(*) FROM t");
        write(remote.open(), "INSERT INTO t(v) VALUES ('other')");

        assertThatThrownBy(() -> write(session, "INSERT INTO t(v) VALUES ('mine')"))
                .isInstanceOf(R2dbcTransientResourceException.class)
                .hasMessageContaining("SQLITE_BUSY");
    }

    /** Takes the 5 seconds after which the server gives a waiting writer the lock. */
    @Test
    void aTransactionWhoseLockWasTakenAwayIsLostAndNeverCommitsItsLaterStatements() {
        Session victim = remote.open();
        victim.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
        write(victim, "INSERT INTO t(v) VALUES ('victim 1')");
        write(remote.open(), "INSERT INTO t(v) VALUES ('thief')");

        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> write(victim, "INSERT INTO t(v) VALUES ('victim 2')"))
                    .isInstanceOf(R2dbcRollbackException.class)
                    .hasMessageContaining("transaction lost")
                    .extracting(e -> ((R2dbcException) e).getSqlState())
                    .isEqualTo(Faults.TRANSACTION_LOST);
        }
        assertThat(victim.inTransaction()).isTrue();
        assertThat(victim.validate(false).block(PATIENCE)).isFalse();
        victim.rollback().block(PATIENCE);

        assertThat(victim.validate(true).block(PATIENCE)).isTrue();
        assertThat(value(victim, "SELECT group_concat(v) FROM t")).isEqualTo("thief");
    }

    /** Takes the 10 seconds after which the server ends a stream that nobody uses, and a little more. */
    @Test
    void aTransactionThatWasIdleForTooLongIsLost() {
        Session session = remote.open();
        session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
        write(session, "INSERT INTO t(v) VALUES ('idle')");

        StepVerifier.create(Mono.delay(Duration.ofMillis(11_500))
                        .thenMany(session.execute(Work.of(Call.write("INSERT INTO t(v) VALUES ('late')")))))
                .expectErrorSatisfies(e ->
                        assertThat(e).isInstanceOf(R2dbcRollbackException.class).hasMessageContaining("stream is gone"))
                .verify(PATIENCE);
        assertThat(session.validate(false).block(PATIENCE)).isFalse();
        assertThatThrownBy(() -> session.commit().block(PATIENCE)).isInstanceOf(R2dbcRollbackException.class);

        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L);
        session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
        write(session, "INSERT INTO t(v) VALUES ('again')");
        session.commit().block(PATIENCE);
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(1L);
    }

    /** The server takes about 128 streams, and makes the next wait a while before it refuses. */
    @Test
    void tooManyStreamsMeansThatNothingRanAndThatLaterItMay() {
        try (Sqld own = Sqld.start();
                Remote there = new Remote(own.url())) {
            Session one = there.open();
            write(one, "CREATE TABLE t(v)");
            List<Session> open = new ArrayList<>();
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 200; i++) {
                            Session session = there.open();
                            session.begin(TransactionMode.DEFERRED).block(PATIENCE);
                            open.add(session);
                        }
                    })
                    .isInstanceOf(R2dbcTransientResourceException.class)
                    .hasMessageContaining("nothing ran")
                    .extracting(e -> ((R2dbcException) e).getSqlState())
                    .isEqualTo(Faults.OVERLOADED);
            assertThatThrownBy(() -> write(one, "INSERT INTO t VALUES (1)"))
                    .isInstanceOf(R2dbcTransientResourceException.class);

            open.forEach(session -> session.close().block(PATIENCE));
            write(one, "INSERT INTO t VALUES (1)");
            assertThat(value(one, "SELECT count(*) FROM t")).isEqualTo(1L);
        }
    }

    /** More than the server has streams, so a stream that was not closed would show. */
    @Test
    void transactionsLeaveNoStreamBehindHoweverTheyEnd() {
        try (Sqld own = Sqld.start();
                Remote there = new Remote(own.url())) {
            Session session = there.open();
            write(session, "CREATE TABLE t(v UNIQUE)");
            write(session, "INSERT INTO t VALUES (1)");
            for (int i = 0; i < 160; i++) {
                Session each = i % 4 == 3 ? there.open() : session;
                each.begin(TransactionMode.DEFERRED).block(PATIENCE);
                value(each, "SELECT 1");
                switch (i % 4) {
                    case 0 -> each.commit().block(PATIENCE);
                    case 1 -> each.rollback().block(PATIENCE);
                    case 2 -> {
                        assertThatThrownBy(() -> write(each, "INSERT INTO t VALUES (1)"))
                                .isInstanceOf(R2dbcDataIntegrityViolationException.class);
                        each.rollback().block(PATIENCE);
                    }
                    default -> each.close().block(PATIENCE);
                }
            }
            assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(1L);
        }
    }

    @Test
    void manyBindingSetsOfALongTextCommitTogetherAndInATransactionToo() {
        Session session = remote.open();
        String insert = "INSERT INTO t(v) VALUES (?1) /* " + "long ".repeat(100) + "*/ RETURNING v";
        List<Call> calls = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            calls.add(Call.write(insert, "v" + i));
        }

        List<Answer> alone = run(session, calls.toArray(Call[]::new));
        assertThat(alone).hasSize(100);
        assertThat(alone.get(99).rows().get(0)).containsExactly("v99");

        // One stream, more times than it could keep texts, if it were to keep them.
        session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
        for (int i = 0; i < 60; i++) {
            write(session, "DELETE FROM t");
            assertThat(run(session, calls.toArray(Call[]::new))).hasSize(100);
        }
        session.commit().block(PATIENCE);
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(100L);
    }

    @Test
    void workRunsInTheOrderOfItsSubscription() {
        Session session = remote.open();
        List<Flux<Answer>> work = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            work.add(session.execute(Work.of(Call.write("INSERT INTO t(v) VALUES (?1)", "v" + i))));
        }

        Flux.merge(Flux.fromIterable(work), 50).then().block(PATIENCE);

        List<Object> order = new ArrayList<>();
        read(session, "SELECT v FROM t ORDER BY id").rows().forEach(row -> order.add(row[0]));
        assertThat(order).hasSize(50).first().isEqualTo("v0");
        assertThat(order.get(49)).isEqualTo("v49");
    }

    @Test
    void answersArePublishedOnThreadsThatMustNotBlock() {
        Session session = remote.open();

        assertThat(session.execute(Work.of(Call.read("SELECT 1")))
                        .map(answer -> Thread.currentThread())
                        .blockLast(PATIENCE))
                .isInstanceOf(NonBlocking.class)
                .extracting(Thread::getName, STRING)
                .startsWith("pollux-answers-");
    }

    @Test
    void theServersSqliteVersionIsKnown() {
        assertThat(remote.open().databaseVersion()).matches("3\\.\\d+\\.\\d+");
    }

    @Test
    void aSessionIsValidUntilTheServerIsGone() {
        try (Sqld own = Sqld.start();
                Remote there = new Remote(own.url())) {
            Session session = there.open();
            assertThat(session.validate(true).block(PATIENCE)).isTrue();

            own.stop();

            assertThat(session.validate(false).block(PATIENCE)).isTrue();
            assertThat(session.validate(true).block(PATIENCE)).isFalse();
            assertThatThrownBy(() -> write(session, "INSERT INTO t VALUES (1)"))
                    .isInstanceOfSatisfying(
                            R2dbcException.class,
                            e -> assertThat(e.getSqlState()).isEqualTo(Faults.CONNECTION_FAILED));
        }
    }

    @Test
    void http2WithoutTlsWorks() {
        try (Remote http2 = new Remote(
                HranaOptions.builder(URI.create(sqld.url())).h2c(true).build())) {
            Session session = http2.open();
            write(session, "INSERT INTO t(v) VALUES ('over http/2')");
            assertThat(value(session, "SELECT v FROM t")).isEqualTo("over http/2");
        }
    }

    /** With namespaces on, the host's first label names one: 127.0.0.1 means the namespace "127". */
    @Test
    void aNamespaceIsChosenByItsHeader() {
        try (Sqld namespaces = Sqld.start("--enable-namespaces");
                Remote named = new Remote(HranaOptions.builder(URI.create(namespaces.url()))
                        .namespace("default")
                        .build());
                Remote unnamed = new Remote(namespaces.url())) {
            assertThat(value(named.open(), "SELECT 1")).isEqualTo(1L);
            assertThatThrownBy(unnamed::open)
                    .isInstanceOf(R2dbcNonTransientResourceException.class)
                    .hasMessageContaining("no such database or namespace");
        }
    }
}
