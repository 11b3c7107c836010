package dev.pollux.testing;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A scripted double of a database, for faults and timings that a real one can't be made to show: a script answers each
 * text that is executed, on the caller's thread unless it says otherwise.
 */
public final class ScriptedDatabase implements ConnectionFactory {

    private static final Pattern ULID = Pattern.compile("\"([0-9A-HJKMNP-TV-Z]{26})\"");

    private final Function<Execution, Flux<List<List<@Nullable Object>>>> script;
    private final List<Execution> executions = new CopyOnWriteArrayList<>();

    /** A text with what was bound to it, by place from 0. */
    public record Execution(String sql, List<Object> arguments) {

        /** Whether its text has that word. */
        public boolean has(String word) {
            return sql.contains(word);
        }

        /** How many statements its text holds. */
        public int statements() {
            return sql.split(";\n", -1).length;
        }

        /** The task ids in what was bound. */
        public List<String> ids() {
            return ULID.matcher(arguments.toString())
                    .results()
                    .map(id -> id.group(1))
                    .toList();
        }

        /** Answers a push as a database that has none of the ids. */
        public Flux<List<List<@Nullable Object>>> added() {
            return Flux.just(
                    ids().stream().<List<@Nullable Object>>map(List::of).toList());
        }

        /** Answers each statement with no rows. */
        public Flux<List<List<@Nullable Object>>> nothing() {
            return Flux.range(0, statements()).map(i -> List.of());
        }
    }

    /** @param script gives, for each statement of a text in order, its rows; each row is a list of its columns */
    public ScriptedDatabase(Function<Execution, Flux<List<List<@Nullable Object>>>> script) {
        this.script = script;
    }

    /** The connection broke: whether what was sent has run is not known. */
    public static R2dbcNonTransientResourceException lostAnswer() {
        return new R2dbcNonTransientResourceException("connection reset", "08007");
    }

    /** What was executed so far. */
    public List<Execution> executions() {
        return executions;
    }

    /** How many of the texts that were executed so far have that word. */
    public long count(String word) {
        return executions.stream().filter(execution -> execution.has(word)).count();
    }

    @Override
    public Publisher<? extends Connection> create() {
        return Mono.fromSupplier(() -> proxy(Connection.class, (self, method, arguments) -> switch (method.getName()) {
            case "createStatement" -> statement(String.valueOf(arguments[0]));
            case "close" -> Mono.empty();
            default -> throw new UnsupportedOperationException(method.getName());
        }));
    }

    private Statement statement(String sql) {
        Map<Integer, Object> bound = new TreeMap<>();
        return proxy(Statement.class, (self, method, arguments) -> switch (method.getName()) {
            case "bind" -> {
                bound.put((Integer) arguments[0], arguments[1]);
                yield self;
            }
            case "execute" -> execute(new Execution(sql, new ArrayList<>(bound.values())));
            default -> throw new UnsupportedOperationException(method.getName());
        });
    }

    private Flux<Result> execute(Execution execution) {
        return Flux.defer(() -> {
            executions.add(execution);
            return script.apply(execution).map(ScriptedDatabase::result);
        });
    }

    private static Result result(List<List<@Nullable Object>> rows) {
        return proxy(Result.class, (self, method, arguments) -> {
            if (!method.getName().equals("map")) {
                throw new UnsupportedOperationException(method.getName());
            }
            @SuppressWarnings("unchecked")
            Function<Readable, Object> mapping = (Function<Readable, Object>) arguments[0];
            return Flux.fromIterable(rows).map(row -> mapping.apply(readable(row)));
        });
    }

    private static Readable readable(List<@Nullable Object> row) {
        return proxy(Readable.class, (self, method, arguments) -> {
            // The queue names a column only where there is one.
            return row.get(arguments[0] instanceof Integer index ? index : 1);
        });
    }

    private static <P> P proxy(Class<P> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    @Override
    public ConnectionFactoryMetadata getMetadata() {
        return () -> "scripted";
    }
}
