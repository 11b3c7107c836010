package dev.pollux.replica;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Statements that go to a database together, as one unit of work: all of them take effect or none. For one use. */
final class Unit {

    private final Map<String, @Nullable Object> values = new HashMap<>();
    private final Set<String> used = new HashSet<>();
    private final StringBuilder text = new StringBuilder();
    private final List<Reader<?>> readers = new ArrayList<>();

    /** Reads the rows of one statement. */
    private record Reader<V>(Function<Readable, V> row, Consumer<V> rows) {

        Flux<V> read(Result result) {
            return Flux.from(result.map(row)).doOnNext(rows);
        }
    }

    /** Gives a parameter its value, in all statements that have it. */
    Unit with(String name, @Nullable Object value) {
        values.put(name, value);
        return this;
    }

    /** Adds a statement of whose rows nothing is wanted. */
    Unit tell(Sql sql) {
        return tell(sql, Map.of());
    }

    /** The same, with values of its own for some of its parameters. */
    Unit tell(Sql sql, Map<String, ?> own) {
        add(sql, own, new Reader<>(row -> "", row -> {}));
        return this;
    }

    /** Adds a statement; the list has its rows once the unit {@linkplain #run has run}. */
    <V> List<V> ask(Sql sql, Function<Readable, V> row) {
        List<V> rows = new ArrayList<>();
        add(sql, Map.of(), new Reader<>(row, rows::add));
        return rows;
    }

    private void add(Sql sql, Map<String, ?> own, Reader<?> reader) {
        String suffix = "_" + readers.size();
        own.forEach((name, value) -> values.put(name + suffix, value));
        for (String name : sql.parameters()) {
            used.add(own.containsKey(name) ? name + suffix : name);
        }
        if (!text.isEmpty()) {
            text.append(";\n");
        }
        text.append(sql.text(own.keySet(), suffix));
        readers.add(reader);
    }

    /** Adds a statement that gives one row, and runs all. */
    <V> Mono<V> one(Connection connection, Sql sql, Function<Readable, V> row) {
        List<V> rows = ask(sql, row);
        return run(connection).then(Mono.fromSupplier(() -> rows.get(0)));
    }

    /** Runs all; completes when it is committed and every row is read. */
    Mono<Void> run(Connection connection) {
        return Mono.defer(() -> {
            Statement statement = connection.createStatement(text.toString());
            for (String name : used) {
                Object value = values.get(name);
                if (value == null) {
                    statement.bindNull(name, String.class);
                } else {
                    statement.bind(name, value);
                }
            }
            AtomicInteger results = new AtomicInteger();
            return Flux.from(statement.execute())
                    .zipWithIterable(readers, (result, reader) -> reader.read(result))
                    .doOnNext(result -> results.incrementAndGet())
                    .concatMap(Function.identity())
                    .then(Mono.fromRunnable(() -> {
                        if (results.get() < readers.size()) {
                            throw new IllegalStateException(
                                    "the R2DBC driver gave " + results + " results for a text of " + readers.size()
                                            + " statements: a replica needs r2dbc:libsql on both sides");
                        }
                    }));
        });
    }
}
