package dev.pollux.r2dbc;

import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Work;
import io.r2dbc.spi.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/**
 * A text of one or several statements with its bindings.
 *
 * <p>Parameters are counted across the whole text, from 0 for {@code bind(index, ..)}: {@code ?} and {@code ?1} as
 * SQLite counts them, {@code :name}, {@code @name}, {@code $name} and {@code $1}. Names are given with their prefix or
 * without it. A byte array that is bound is not copied: it must not change before the statement has run.
 *
 * <p>All statements of the text and all binding sets run as one unit of work: outside a transaction they commit together
 * or not at all, in one round trip, and there is one result for each statement of each set, in order.
 */
final class LibsqlStatement implements Statement {

    private final LibsqlConnection connection;
    private final ParsedSql sql;
    private final Bindings bindings;
    private @Nullable String generated;
    private int fetchSize;

    LibsqlStatement(LibsqlConnection connection, ParsedSql sql) {
        this.connection = connection;
        this.sql = sql;
        this.bindings = new Bindings(sql);
    }

    @Override
    public LibsqlStatement add() {
        bindings.add();
        return this;
    }

    @Override
    public LibsqlStatement bind(int index, Object value) {
        bindings.set(index, Require.nonNull(value, "value"));
        return this;
    }

    @Override
    public LibsqlStatement bind(String name, Object value) {
        int index = bindings.index(name);
        return bind(index, value);
    }

    @Override
    public LibsqlStatement bindNull(int index, Class<?> type) {
        Require.nonNull(type, "type");
        bindings.setNull(index);
        return this;
    }

    @Override
    public LibsqlStatement bindNull(String name, Class<?> type) {
        Require.nonNull(name, "name");
        Require.nonNull(type, "type");
        bindings.setNull(bindings.index(name));
        return this;
    }

    /**
     * Adds a RETURNING clause to each INSERT, REPLACE, UPDATE and DELETE of the text that has none.
     *
     * @param columns the columns to return; none: all of them
     */
    @Override
    public LibsqlStatement returnGeneratedValues(String... columns) {
        Require.nonNull(columns, "columns");
        StringBuilder clause = new StringBuilder(" RETURNING ");
        for (int i = 0; i < columns.length; i++) {
            clause.append(i == 0 ? "" : ", ").append(Identifiers.column(Require.nonNull(columns[i], "columns")));
        }
        generated = clause.append(columns.length == 0 ? "*" : "").toString();
        return this;
    }

    @Override
    public LibsqlStatement fetchSize(int rows) {
        if (rows < 0) {
            throw new IllegalArgumentException("fetchSize must not be negative: " + rows);
        }
        fetchSize = rows;
        return this;
    }

    /**
     * Runs the text once for each binding set.
     *
     * @return cold: each subscription runs it with the values bound now. One {@link LibsqlResult} for each statement of
     *     each set, in order, emitted when all have run; R2DBC exceptions; cancelling before it started means that it
     *     never runs, and later that its outcome is not known
     * @throws IllegalStateException if a parameter has no value
     */
    @Override
    public Publisher<LibsqlResult> execute() {
        List<@Nullable Object[]> sets = bindings.sets();
        if (!bindings.holdLobs()) {
            return connection.run(work(sets));
        }
        return Flux.from(Bindings.readLobs(sets)).flatMap(read -> connection.run(work(read)));
    }

    private Work work(List<@Nullable Object[]> sets) {
        List<Call> calls = new ArrayList<>(sets.size() * sql.statements().size());
        for (@Nullable Object[] values : sets) {
            sql.addCalls(calls, values, generated);
        }
        return new Work(calls, fetchSize);
    }

    /** The number of its statements; the text itself may hold what is secret. */
    @Override
    public String toString() {
        return "LibsqlStatement[" + sql.statements().size() + " statements, " + sql.parameterCount() + " parameters]";
    }
}
