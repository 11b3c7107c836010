package dev.pollux.readme;

import static org.jooq.impl.DSL.field;

import dev.pollux.AbortError;
import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.NewTask;
import dev.pollux.RetryPolicy;
import dev.pollux.StorageEvent;
import dev.pollux.StorageListener;
import dev.pollux.Task;
import dev.pollux.TaskId;
import dev.pollux.TaskStatus;
import dev.pollux.Worker;
import dev.pollux.r2dbc.LibsqlConnectionFactoryProvider;
import dev.pollux.readme.TenLines.Email;
import dev.pollux.replica.Replica;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.jooq.DSLContext;
import org.jooq.Record1;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** The rest of README.md's examples. {@link ReadmeTest} runs them. */
final class Snippets {

    private Snippets() {}

    static Mono<Void> push(LibsqlStorage<Email> storage, Email email) {
        // snippet: push
        NewTask<Email> task = NewTask.of(email)
                .delay(Duration.ofMinutes(5)) // or runAt(Instant)
                .priority(10) // greater is sooner
                .maxAttempts(3)
                .metadata(Map.of("tenant", "acme"))
                .id(TaskId.next()); // pushing the same id and payload again adds nothing
        Mono<Void> pushed = storage.push(task);
        // end
        return pushed;
    }

    static Mono<Void> transaction(ConnectionFactory database, LibsqlStorage<Email> storage, Email email) {
        // snippet: transaction
        Mono<Void> both = Mono.usingWhen(
                database.create(),
                connection -> Mono.from(connection.beginTransaction())
                        .then(insertOrder(connection))
                        .then(storage.push(connection, NewTask.of(email)))
                        .then(Mono.from(connection.commitTransaction())),
                Connection::close); // rolls back what was not committed
        // end
        return both;
    }

    private static Mono<Long> insertOrder(Connection connection) {
        return Flux.from(connection
                        .createStatement("INSERT INTO Orders (item) VALUES ($1)")
                        .bind("$1", "a tea kettle")
                        .execute())
                .concatMap(Result::getRowsUpdated)
                .next();
    }

    static Mono<String> handle(Task<Email> task) {
        // snippet: handler
        if (!task.args().to().contains("@")) {
            return Mono.error(new AbortError("no address")); // never try again: Killed
        }
        return send(task.args()).timeout(Duration.ofSeconds(10)); // an error: Failed, and tried again later
        // end
    }

    private static Mono<String> send(Email email) {
        return Mono.just("250 accepted for " + email.to());
    }

    static Config config(LongAdder killed) {
        // snippet: config
        Config config = Config.builder("email")
                .bufferSize(100)
                .retryPolicy(RetryPolicy.exponential(Duration.ofSeconds(5), Duration.ofMinutes(10)))
                .listener(StorageListener.logging().and(event -> {
                    if (event instanceof StorageEvent.Acknowledged ack && ack.status() == TaskStatus.KILLED) {
                        killed.increment();
                    }
                }))
                .build();
        // end
        return config;
    }

    static void stop(ConnectionFactory database) {
        // snippet: stop
        Sinks.One<Boolean> stopped = Sinks.one();
        Config config = Config.builder("email")
                .bufferSize(64)
                .listener(StorageListener.logging().and(event -> {
                    if (event instanceof StorageEvent.WorkerStopped) {
                        stopped.tryEmitValue(true);
                    }
                }))
                .build();
        LibsqlStorage<Email> storage = LibsqlStorage.create(database, Email.class, config);
        Sinks.One<Boolean> stop = Sinks.one();
        Disposable running = storage.poll(Worker.named("email-worker"))
                .transform(storage.lock())
                .takeUntilOther(stop.asMono()) // ends the poll, and lets the handlers finish
                .flatMap(storage.ack(Snippets::handle), 64)
                .subscribe();

        stop.tryEmitValue(true);
        stopped.asMono().block(config.drainTime().plusSeconds(5));
        // end
        running.dispose();
    }

    static Flux<String> replica() {
        // snippet: replica
        Replica replica = Replica.of(ConnectionFactories.get(
                "r2dbc:libsql:file://./till.db?syncUrl=libsql://shop-acme.turso.io&syncInterval=PT5S"));
        LibsqlStorage<Email> storage = LibsqlStorage.create(replica, Email.class, Config.of("email"));
        Flux<String> account = replica.status()
                .map(status -> (status.online() ? "online" : "offline since " + status.offlineSince())
                        + ", not sent yet: " + status.unsent());
        // end
        return account.doFirst(() -> replica.close().subscribe()).startWith(storage.toString());
    }

    static Flux<String> driver() {
        // snippet: driver
        ConnectionFactory database = ConnectionFactories.get("r2dbc:libsql:mem:///shop");
        Flux<String> items = Flux.usingWhen(
                database.create(),
                connection -> Flux.from(connection
                                .createStatement("CREATE TABLE Orders (item TEXT); INSERT INTO Orders VALUES (:item)"
                                        + " RETURNING item")
                                .bind("item", "a tea kettle")
                                .execute())
                        .concatMap(result -> result.map(row -> row.get("item", String.class))),
                Connection::close);
        // end
        return items;
    }

    static ConnectionPool pool() {
        // snippet: pool
        ConnectionFactory server = ConnectionFactories.get(ConnectionFactoryOptions.builder()
                .from(ConnectionFactoryOptions.parse("r2dbc:libsql://shop-acme.turso.io"))
                .option(LibsqlConnectionFactoryProvider.AUTH_TOKEN_SUPPLIER, () -> System.getenv("TURSO_AUTH_TOKEN"))
                .build());
        ConnectionPool pool = new ConnectionPool(
                ConnectionPoolConfiguration.builder(server).maxSize(10).build());
        // end
        return pool;
    }

    static Flux<String> jooq(ConnectionFactory database) {
        // snippet: jooq
        DSLContext jooq = DSL.using(database, SQLDialect.SQLITE);
        Flux<String> items = Flux.from(
                        jooq.select(field("item", String.class)).from("Orders").orderBy(field("item")))
                .map(Record1::value1);
        // end
        return items;
    }
}
