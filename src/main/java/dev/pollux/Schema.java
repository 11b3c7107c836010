package dev.pollux;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Readable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Sets the database up, and refuses one that this version does not know. */
final class Schema {

    private static final long VERSION = 2;
    private static final List<Sql> TABLES = List.of(Sql.WORKERS_TABLE, Sql.JOBS_TABLE);
    private static final List<Sql> INDEXES_AND_VERSION =
            List.of(Sql.READY_INDEX, Sql.LEASED_INDEX, Sql.SCHEMA_TABLE, Sql.RECORD_VERSION);

    private final ConnectionFactory factory;
    private final WriteLane lane;
    private final Config config;
    private final BiConsumer<Throwable, Step.Retry> onFault;
    private final BiConsumer<Throwable, Step.Retry> onRacedFault;

    Schema(ConnectionFactory factory, WriteLane lane, Config config, Reporter reporter) {
        this.factory = factory;
        this.lane = lane;
        this.config = config;
        this.onFault = (error, retry) ->
                reporter.tell(new StorageEvent.Fault(config.queue(), "schema", error, retry.tries(), retry.in()));
        // That the column is there is no fault.
        this.onRacedFault = (error, retry) -> {
            if (Fault.passing(error)) {
                onFault.accept(error, retry);
            }
        };
    }

    /** Makes what is missing. Each statement does nothing where its work is done, so any number of processes may. */
    Mono<Void> setup() {
        return first(Sql.HAS_SCHEMA, Rows::longOrNull)
                .flatMap(there -> there.orElse(0L) == 0 ? Mono.empty() : refuseNewer())
                .then(first(Sql.COLUMNS, row -> row.get(0, String.class)))
                .flatMap(missing -> missing.isEmpty()
                        ? Mono.<Void>empty()
                        : Mono.error(new SchemaException(
                                "setup: there is a table Jobs that is not a task queue's: it lacks the columns "
                                        + missing.get() + "; use another database, or rename that table",
                                null)))
                .then(all(TABLES))
                .then(addLease())
                .then(all(INDEXES_AND_VERSION))
                .onErrorMap(error -> Fault.describe("setup (queue '" + config.queue() + "')", error));
    }

    private Mono<Void> all(List<Sql> steps) {
        return Flux.fromIterable(steps)
                .concatMap(sql -> submit(sql, Rows::none))
                .then();
    }

    /** Adds the column to a table of an older Pollux or of the Rust crate; another process may do so at the same time. */
    private Mono<Void> addLease() {
        return hasLease()
                .filter(there -> !there)
                .flatMap(missing -> submit(Sql.ADD_LEASE, Rows::none)
                        .then()
                        .onErrorResume(error -> hasLease().flatMap(there -> there ? Mono.empty() : Mono.error(error))));
    }

    private Mono<Boolean> hasLease() {
        return first(Sql.HAS_LEASE, Rows::longOrNull).map(count -> count.orElse(0L) > 0);
    }

    /** Fails with {@link SchemaException} if {@code setup()} was not called or the database is newer, saying for what. */
    Mono<Void> check(String what) {
        return refuseNewer().onErrorMap(error -> Fault.describe(what, error));
    }

    private Mono<Void> refuseNewer() {
        return first(Sql.SCHEMA_VERSION, Rows::longOrNull)
                .flatMap(version -> version.orElse(0L) <= VERSION
                        ? Mono.empty()
                        : Mono.error(new SchemaException(
                                "the database was set up by a newer Pollux (schema version " + version.get()
                                        + ", this one knows " + VERSION + "): upgrade this application's pollux-libsql",
                                null)));
    }

    /** Switches a file to write-ahead logging; nothing to do on a server or in memory. */
    Mono<Void> enableWalMode() {
        return Mono.usingWhen(
                        factory.create(),
                        connection -> mode(connection, Sql.JOURNAL_MODE)
                                .flatMap(mode -> mode.equals("wal") || mode.equals("memory")
                                        ? Mono.just(mode)
                                        : mode(connection, Sql.ENABLE_WAL)),
                        Connection::close)
                .onErrorMap(error -> Fault.describe("enableWalMode (queue '" + config.queue() + "')", error))
                .flatMap(mode -> mode.equals("wal") || mode.equals("memory")
                        ? Mono.empty()
                        : Mono.error(new LibsqlException(
                                "enableWalMode: the database stays in journal mode " + mode
                                        + ": does its file system support shared memory?",
                                null)));
    }

    private static Mono<String> mode(Connection connection, Sql sql) {
        return Flux.from(connection.createStatement(sql.alone()).execute())
                .concatMap(result -> result.map(row -> String.valueOf(row.get(0, String.class))))
                .single();
    }

    private <V> Mono<Optional<V>> first(Sql sql, Function<Readable, V> row) {
        return submit(sql, result -> Optional.ofNullable(row.apply(result)))
                .map(rows -> rows.isEmpty() ? Optional.empty() : rows.get(0));
    }

    private <V> Mono<List<V>> submit(Sql sql, Function<Readable, V> row) {
        Map<String, Object> arguments = sql == Sql.RECORD_VERSION ? Map.of("version", VERSION) : Map.of();
        return lane.submit(new Step<>(
                sql,
                arguments,
                null,
                row,
                Step.Rowset::rows,
                config::keepAlive,
                true,
                false,
                sql == Sql.ADD_LEASE ? onRacedFault : onFault));
    }
}
