package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.r2dbc.transport.TransactionMode;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.TransactionDefinition;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Many connections of one JVM write to one database, each in its own way, and none of them fails. */
@ParameterizedClass(name = "{0}")
@EnumSource
class ManyWritersTest implements Driven {

    enum Kind {
        WAL_FILE,
        ROLLBACK_JOURNAL_FILE,
        MEMORY
    }

    private static final int CONNECTIONS = 64;
    private static final int ROUNDS = 12;
    private static final String INSERT = "INSERT INTO t (writer) VALUES (?)";

    private final Kind kind;
    private @Nullable LibsqlConnectionFactory factory;
    private List<Connection> connections = List.of();

    @TempDir
    @SuppressWarnings("NullAway") // JUnit sets it
    Path folder;

    ManyWritersTest(Kind kind) {
        this.kind = kind;
    }

    @BeforeEach
    void connect() {
        String file = "r2dbc:libsql:file://" + folder.resolve("test.db") + "?synchronous=OFF";
        factory = LibsqlConnectionFactory.of(
                switch (kind) {
                    case WAL_FILE -> file;
                    case ROLLBACK_JOURNAL_FILE -> file + "&journalMode=DELETE";
                    case MEMORY -> "r2dbc:libsql:mem:///";
                });
        connections = IntStream.range(0, CONNECTIONS).mapToObj(i -> another()).toList();
        run("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, writer INTEGER)");
    }

    @AfterEach
    void close() {
        connections.forEach(connection -> Driven.all(connection.close()));
        Driven.all(Objects.requireNonNull(factory).close());
    }

    @Override
    public ConnectionFactory factory() {
        return Objects.requireNonNull(factory);
    }

    @Override
    public Connection connection() {
        return connections.get(0);
    }

    @Test
    void everyWayOfWritingWaitsItsTurn() {
        List<Long> written = Driven.all(Flux.range(0, CONNECTIONS)
                .flatMap(writer -> Flux.range(writer, ROUNDS).concatMap(way -> write(writer, way)), CONNECTIONS));

        assertThat(written).hasSize(CONNECTIONS * ROUNDS).containsOnly(2L);
        assertThat(query(Long.class, "SELECT count(*) FROM t GROUP BY writer"))
                .hasSize(CONNECTIONS)
                .containsOnly(2L * ROUNDS);
        assertThat(connections).allMatch(Connection::isAutoCommit);
    }

    /** Leaves two rows, in one of several ways, and emits 2. */
    private Mono<Long> write(int writer, int way) {
        Connection connection = connections.get(writer);
        Mono<Long> two = sum(connection
                .createStatement("INSERT INTO t (writer) VALUES (?1); INSERT INTO t (writer) SELECT ?1")
                .bind(0, writer));
        return switch (way % 8) {
            case 0 -> two;
            case 1 ->
                sum(connection
                        .createStatement("INSERT INTO t (writer) VALUES (?1), (?1)")
                        .bind(0, writer));
            case 2 ->
                sum(connection.createStatement(INSERT).bind(0, writer).add().bind(0, writer));
            case 3 -> within(connection, connection.beginTransaction(), insertTwice(connection, writer));
            case 4 ->
                within(
                        connection,
                        connection.beginTransaction(LibsqlTransactionDefinition.mode(TransactionMode.EXCLUSIVE)),
                        two);
            case 5 -> within(connection, connection.beginTransaction(deferred()), insertTwice(connection, writer));
            case 6 -> within(connection, connection.setAutoCommit(false), undoneInPart(connection, writer, two));
            default -> undone(connection, writer).then(two);
        };
    }

    private static TransactionDefinition deferred() {
        return LibsqlTransactionDefinition.mode(TransactionMode.DEFERRED).lockWaitTimeout(Duration.ofMinutes(1));
    }

    private static Mono<Long> sum(Statement statement) {
        return Flux.from(statement.execute()).concatMap(Result::getRowsUpdated).reduce(0L, Long::sum);
    }

    private static Mono<Long> insertTwice(Connection connection, int writer) {
        Mono<Long> once = sum(connection.createStatement(INSERT).bind(0, writer));
        return once.concatWith(once).reduce(0L, Long::sum);
    }

    private static Mono<Long> undoneInPart(Connection connection, int writer, Mono<Long> two) {
        return Mono.from(connection.createSavepoint("before"))
                .then(insertTwice(connection, writer))
                .then(Mono.from(connection.rollbackTransactionToSavepoint("before")))
                .then(two)
                .delayUntil(written -> connection.releaseSavepoint("before"));
    }

    private static Mono<Void> undone(Connection connection, int writer) {
        return Mono.from(connection.beginTransaction())
                .then(insertTwice(connection, writer))
                .then(Mono.from(connection.rollbackTransaction()));
    }

    private static Mono<Long> within(Connection connection, Publisher<Void> begin, Mono<Long> writes) {
        return Mono.from(begin)
                .then(writes)
                .delayUntil(written -> connection.commitTransaction())
                .delayUntil(written -> connection.setAutoCommit(true));
    }
}
