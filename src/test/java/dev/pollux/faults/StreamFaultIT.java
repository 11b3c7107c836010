package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.LibsqlStorage;
import dev.pollux.NewTask;
import dev.pollux.r2dbc.LibsqlTransactionDefinition;
import dev.pollux.r2dbc.transport.TransactionMode;
import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.R2dbcRollbackException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Transactions of others that stand in the way of a queue on sqld, or that the queue stands in the way of. */
class StreamFaultIT {

    private static final int WORKERS = 3;
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    /** After which sqld ends a stream that nobody uses, which is at most a second late. */
    private static final Duration IDLE = Duration.ofMillis(11_500);

    @TempDir
    private Path folder;

    private final AtomicInteger parts = new AtomicInteger();

    private static String url(String callTimeout) {
        return Sqld.shared().r2dbcUrl() + "&callTimeout=" + callTimeout;
    }

    /** In turn, one that waits for the lock until the server takes it away, and one whose requests time out in the queue. */
    private String nextUrl() {
        return url(parts.getAndIncrement() % 2 == 0 ? "PT20S" : "PT0.5S");
    }

    private static void all(Publisher<?> publisher) {
        Flux.from(publisher).blockLast(PATIENCE);
    }

    /** A user's transaction, in which tasks are pushed that must never be there. */
    private final class Transaction {
        private final LibsqlStorage<Work> storage;
        private final Connection connection;
        private final String name;

        Transaction(Load load, String name, TransactionMode mode) {
            this.storage = load.storage();
            this.name = name;
            this.connection = Mono.from(ConnectionFactories.get(url("PT20S")).create())
                    .blockOptional(PATIENCE)
                    .orElseThrow();
            all(connection.beginTransaction(LibsqlTransactionDefinition.mode(mode)));
        }

        void push() {
            storage.push(connection, NewTask.of(new Work(name, 1))).block(PATIENCE);
        }

        void read() {
            all(Flux.from(connection
                            .createStatement("SELECT count(*) FROM Jobs")
                            .execute())
                    .flatMap(result -> result.map(row -> true)));
        }

        /** All that comes after the fault fails, and says that the transaction is gone. */
        void endLost() {
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(this::push)
                        .hasRootCauseInstanceOf(R2dbcRollbackException.class)
                        .hasMessageContaining("transaction lost");
            }
            assertThatThrownBy(() -> all(connection.commitTransaction()))
                    .isInstanceOf(R2dbcRollbackException.class)
                    .hasMessageContaining("transaction lost");
            all(connection.close());
        }
    }

    @Test
    void locksThatAreTakenAwayAndStreamsThatExpireLoseNothing() throws Exception {
        int holds = Scale.of(1, 20);
        Sqld.shared().reset();
        TestDatabase database = TestDatabase.at(url("PT20S"));
        try (LoadHere load =
                        new LoadHere(database, folder, () -> ConnectionFactories.get(nextUrl()), config -> config);
                Ledger ledger = Ledger.open(folder, "others")) {
            load.setUp();
            load.startWorkers(WORKERS);
            AtomicBoolean enough = new AtomicBoolean();
            CompletableFuture<Long> pushed = load.push("producer", enough::get).toFuture();
            load.awaitMoreDone();
            Load others = Load.on(database.factory(), ledger, config -> config);
            Transaction idle = new Transaction(others, "idle", TransactionMode.DEFERRED);
            idle.read();
            Mono<Long> idleForTooLong = Mono.delay(IDLE).cache();
            idleForTooLong.subscribe();

            for (int i = 0; i < holds; i++) {
                Transaction holder = new Transaction(others, "holder", TransactionMode.IMMEDIATE);
                holder.push();
                // Nothing can be done before the server gives the lock to another.
                load.awaitMoreDone();
                holder.endLost();
            }
            idleForTooLong.block(PATIENCE);
            idle.endLost();
            load.awaitMoreDone();

            enough.set(true);
            assertThat(pushed).succeedsWithin(PATIENCE);
            Verdict verdict = load.finish();
            assertThat(database.number("SELECT count(*) FROM Jobs WHERE job ->> 'producer' IN ('holder', 'idle')"))
                    .isZero();
            Report.add("5 lock taken from a transaction after 5 s, sqld", holds, verdict);
            Report.add("5 stream expired after 10 s, sqld", 1, verdict);
        }
    }
}
