package dev.pollux.bench;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;
import io.r2dbc.spi.Statement;
import java.util.Objects;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A driver as its SPI is used, whichever it is. A method blocks once, for all that it does. */
final class R2dbcClient implements Client {

    private final Connection connection;
    private final String settle;
    private long lastSale;
    private long lastUpdate;

    /**
     * Connects and makes the tables.
     *
     * @param keyType the type of a 64-bit primary key
     * @param settle the statement for {@link #settle()}, or nothing if the database has no such work
     */
    R2dbcClient(String url, String keyType, String settle) {
        this.settle = settle;
        connection = Objects.requireNonNull(
                Mono.from(ConnectionFactories.get(url).create()).block());
        for (String table : TABLES) {
            updated(connection.createStatement(String.format(table, keyType))).block();
        }
        Statement fill = connection.createStatement(FILL);
        for (long id = 1; id <= ITEMS; id++) {
            set(id == 1 ? fill : fill.add(), id);
        }
        updated(fill).block();
    }

    private static Statement set(Statement statement, long id) {
        return statement.bind(0, id).bind(1, Client.name(id)).bind(2, Client.price(id));
    }

    private static Mono<Long> updated(Statement statement) {
        return Flux.from(statement.execute()).flatMap(Result::getRowsUpdated).reduce(0L, Long::sum);
    }

    @Override
    public void insert(int rows) {
        Flux.range(0, rows)
                .concatMap(i -> updated(set(connection.createStatement(INSERT), ++lastSale)))
                .doOnNext(count -> Client.check(count, 1))
                .blockLast();
    }

    @Override
    public void insertThousands(int times) {
        Flux.range(0, times)
                .concatMap(i -> updated(thousand()))
                .doOnNext(count -> Client.check(count, 1_000))
                .blockLast();
    }

    private Statement thousand() {
        Statement statement = set(connection.createStatement(INSERT), ++lastSale);
        for (int row = 1; row < 1_000; row++) {
            set(statement.add(), ++lastSale);
        }
        return statement;
    }

    @Override
    public void read(int rows, int inFlight) {
        Flux<Integer> keys = Flux.range(0, rows);
        (inFlight == 1 ? keys.concatMap(this::read) : keys.flatMap(this::read, inFlight)).blockLast();
    }

    private Mono<Long> read(int i) {
        long key = Client.key(i);
        return Mono.from(connection.createStatement(READ).bind(0, key).execute())
                .flatMapMany(result -> result.map(R2dbcClient::sum))
                .single()
                .doOnNext(sum -> Client.check(sum, key + Client.name(key).length() + (long) Client.price(key)));
    }

    private static long sum(Row row, RowMetadata metadata) {
        return value(row, 0, Long.class)
                + value(row, 1, String.class).length()
                + value(row, 2, Double.class).longValue();
    }

    private static <T> T value(Row row, int index, Class<T> type) {
        return Objects.requireNonNull(row.get(index, type));
    }

    @Override
    public void scan() {
        Long count = Flux.from(connection.createStatement(SCAN).execute())
                .flatMap(result -> result.map(R2dbcClient::sum))
                .filter(sum -> sum > 0)
                .count()
                .block();
        Client.check(Objects.requireNonNull(count), ITEMS);
    }

    @Override
    public void updateTwo(int transactions) {
        Flux.range(0, transactions)
                .concatMap(i -> Mono.from(connection.beginTransaction())
                        .then(update(Client.key(2 * i)))
                        .then(update(Client.key(2 * i + 1)))
                        .then(Mono.from(connection.commitTransaction())))
                .blockLast();
    }

    private Mono<Long> update(long key) {
        return Mono.defer(() -> updated(connection
                        .createStatement(UPDATE)
                        .bind(0, Client.changed(key, ++lastUpdate))
                        .bind(1, key)))
                .doOnNext(count -> Client.check(count, 1));
    }

    @Override
    public void settle() {
        if (!settle.isEmpty()) {
            updated(connection.createStatement(settle)).block();
        }
    }

    @Override
    public void close() {
        Mono.from(connection.close()).block();
    }
}
