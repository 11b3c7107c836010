package dev.pollux.r2dbc;

import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Work;
import io.r2dbc.spi.Batch;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;

/** Statements without parameters that run as one unit of work, with one result for each, in order. */
final class LibsqlBatch implements Batch {

    private static final @Nullable Object[] NO_VALUES = {};

    private final LibsqlConnection connection;
    private final List<ParsedSql> texts = new ArrayList<>();

    LibsqlBatch(LibsqlConnection connection) {
        this.connection = connection;
    }

    @Override
    public LibsqlBatch add(String sql) {
        ParsedSql parsed = connection.parse(Require.nonNull(sql, "sql"));
        if (parsed.parameterCount() > 0) {
            throw new IllegalArgumentException(
                    "a batch takes no parameters: use a Statement, and its add() for several sets of values");
        }
        texts.add(parsed);
        return this;
    }

    /** Runs them; see {@link LibsqlStatement#execute()}. */
    @Override
    public Publisher<LibsqlResult> execute() {
        if (texts.isEmpty()) {
            throw new IllegalStateException("the batch holds no statement: call add(sql) first");
        }
        List<Call> calls = new ArrayList<>(texts.size());
        for (ParsedSql text : texts) {
            text.addCalls(calls, NO_VALUES, null);
        }
        return connection.run(new Work(calls, 0));
    }
}
