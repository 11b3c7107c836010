package dev.pollux.r2dbc.hrana;

import static dev.pollux.r2dbc.hrana.Remote.PATIENCE;
import static dev.pollux.r2dbc.hrana.Remote.read;
import static dev.pollux.r2dbc.hrana.Remote.run;
import static dev.pollux.r2dbc.hrana.Remote.value;
import static dev.pollux.r2dbc.hrana.Remote.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.hrana.Ask.Stake;
import dev.pollux.r2dbc.hrana.PipelineReply.Result;
import dev.pollux.r2dbc.hrana.RequestWriter.Request;
import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import dev.pollux.r2dbc.transport.Work;
import dev.pollux.testing.Sqld;
import dev.pollux.testing.SqldPair;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A primary and a replica: everything goes through the replica. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // started before all and each
class HranaReplicaIT {

    private SqldPair servers;
    private Remote remote;

    @BeforeAll
    void startServers() {
        servers = SqldPair.start();
    }

    @AfterAll
    void stopServers() {
        servers.close();
    }

    @BeforeEach
    void openAnEmptyTable() {
        remote = new Remote(options().build());
        run(
                remote.open(),
                Call.write("DROP TABLE IF EXISTS t"),
                Call.write("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT UNIQUE)"));
    }

    @AfterEach
    void closeRemote() {
        remote.close();
    }

    private HranaOptions.Builder options() {
        return HranaOptions.builder(URI.create(servers.replica().url())).consistentReads(true);
    }

    /** Each kind of write is followed by each kind of read, on another connection of the same transport. */
    @Test
    void noReadIsStaleInAThousandRounds() {
        Session writer = remote.open();
        Session reader = remote.open();

        for (long round = 1; round <= 1000; round++) {
            insert(writer, (int) (round % 4), "round " + round);

            assertThat(count(reader, (int) (round / 4 % 4)))
                    .as("round %s", round)
                    .isEqualTo(round);
        }
    }

    private static void insert(Session session, int kind, String v) {
        Call insert = Call.write("INSERT INTO t(v) VALUES (?1)", v);
        switch (kind) {
            case 0 -> run(session, insert);
            case 1 ->
                assertThat(write(session, "INSERT INTO t(v) VALUES (?1) RETURNING v", v)
                                .rows())
                        .hasSize(1);
            case 2 -> run(session, insert, Call.write("UPDATE t SET v = v WHERE v = ?1", v));
            default -> {
                session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
                run(session, insert);
                session.commit().block(PATIENCE);
            }
        }
    }

    private static Object count(Session session, int kind) {
        Call count = Call.read("SELECT count(*) FROM t");
        return switch (kind) {
            case 0 -> only(read(session, count.sql()));
            case 1 -> only(run(session, Call.read("SELECT 1"), count).get(1));
            case 2 ->
                only(Objects.requireNonNull(
                        session.execute(new Work(List.of(count), 10)).blockLast(PATIENCE)));
            default -> {
                session.begin(TransactionMode.DEFERRED).block(PATIENCE);
                Object counted = only(read(session, count.sql()));
                session.commit().block(PATIENCE);
                yield counted;
            }
        };
    }

    private static Object only(Answer answer) {
        return Objects.requireNonNull(answer.rows().get(0)[0]);
    }

    @Test
    void errorsThatThePrimaryGivesAreToldApart() {
        Session session = remote.open();
        write(session, "INSERT INTO t(v) VALUES ('a')");

        assertThatThrownBy(() -> write(session, "INSERT INTO t(v) VALUES ('a')"))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class)
                .hasMessageContaining("UNIQUE constraint failed: t.v");
        assertThatThrownBy(() -> write(session, "INSERT INTO t(id) VALUES ('no number')"))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class);
        assertThatThrownBy(() -> write(session, "INSERT INTO nosuch VALUES (1)"))
                .isInstanceOf(R2dbcBadGrammarException.class)
                .hasMessageContaining("no such table");
        assertThatThrownBy(() -> write(session, "INSERT INTO t(id, v) VALUES (abs(-9223372036854775808), 'b')"))
                .isInstanceOf(R2dbcBadGrammarException.class)
                .hasMessageContaining("integer overflow");
        assertThatThrownBy(() -> write(session, "INSERT INTO t(v) VALUES (zeroblob(6000000))"))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class)
                .hasMessageContaining("5 MB");
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(1L);
    }

    @Test
    void aTransactionGoesOnAfterAConstraintFailedInIt() {
        Session session = remote.open();
        session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
        write(session, "INSERT INTO t(v) VALUES ('a')");
        assertThatThrownBy(() -> write(session, "INSERT INTO t(v) VALUES ('a')"))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class);
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(1L);
        session.commit().block(PATIENCE);

        assertThat(value(remote.open(), "SELECT count(*) FROM t")).isEqualTo(1L);
    }

    @Test
    void aRolledBackTransactionLeavesNothing() {
        Session session = remote.open();
        session.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
        write(session, "INSERT INTO t(v) VALUES ('a')");
        session.rollback().block(PATIENCE);

        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L);
    }

    /** Takes the 5 seconds after which the primary gives a waiting writer the lock. */
    @Test
    void aTransactionWhoseLockThePrimaryTookAwayIsLost() {
        Session victim = remote.open();
        victim.begin(TransactionMode.IMMEDIATE).block(PATIENCE);
        write(victim, "INSERT INTO t(v) VALUES ('victim')");
        write(remote.open(), "INSERT INTO t(v) VALUES ('thief')");

        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> write(victim, "INSERT INTO t(v) VALUES ('victim')"))
                    .isInstanceOf(R2dbcRollbackException.class);
        }
        assertThat(victim.validate(false).block(PATIENCE)).isFalse();
        victim.rollback().block(PATIENCE);
        assertThat(value(victim, "SELECT group_concat(v) FROM t")).isEqualTo("thief");
    }

    /** The writes of another server stand for those that a restored one has lost. */
    @Test
    void aReadThatWouldWaitForWritesThatAreGoneTimesOutAndTheNextWriteEndsThat() {
        HranaClient client = new HranaClient(options().build());
        try (Sqld before = Sqld.start()) {
            ask(client, before.url(), Call.write("CREATE TABLE other(v)"), Stake.WRITE);
            // Far more pages than all the other tests write.
            String much = "INSERT INTO other SELECT zeroblob(4000000) FROM json_each('[1,2,3,4,5]')";
            for (int i = 0; i < 3; i++) {
                ask(client, before.url(), Call.write(much), Stake.WRITE);
            }

            assertThatThrownBy(() ->
                            ask(client, servers.replica().url(), Call.read("SELECT count(*) FROM t"), Stake.NOTHING))
                    .isInstanceOf(R2dbcTimeoutException.class)
                    .hasMessageContaining("consistentReads");
            ask(client, servers.replica().url(), Call.write("INSERT INTO t(v) VALUES ('a')"), Stake.WRITE);
            assertThat(ask(client, servers.replica().url(), Call.read("SELECT count(*) FROM t"), Stake.NOTHING))
                    .isInstanceOfSatisfying(
                            Result.Executed.class,
                            executed -> assertThat(only(executed.answer())).isEqualTo(1L));
        } finally {
            client.close().block(PATIENCE);
        }
    }

    private static Result ask(HranaClient client, String base, Call call, Stake stake) {
        // Short for what must time out, and long enough for what must not.
        Ask ask = new Ask(stake, call.sql(), Duration.ofSeconds(5));
        return Objects.requireNonNull(client.pipeline(
                                base,
                                true,
                                null,
                                List.of(new Request.Execute(call, client.after()), RequestWriter.CLOSE),
                                ask)
                        .block(PATIENCE))
                .first();
    }
}
