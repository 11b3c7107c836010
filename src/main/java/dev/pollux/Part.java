package dev.pollux;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One statement of a turn.
 *
 * @param silent whether it is asked for no rows
 * @param arguments in the order of the statement's parameters
 * @param row reads a row
 * @param settle settles the steps that share the statement
 * @param fail fails them
 */
record Part<V>(
        Sql sql,
        boolean silent,
        List<Object> arguments,
        Function<Readable, V> row,
        Consumer<List<V>> settle,
        Consumer<Throwable> fail) {

    /** A step with a statement of its own. */
    static <V> Part<V> single(Waiting<V, ?> caller) {
        Step<V, ?> step = caller.step;
        return new Part<>(
                step.sql(),
                false,
                arguments(step.sql(), step.arguments(), ""),
                step.row(),
                caller::settle,
                caller::fail);
    }

    /** Steps about a task each, with the same statement and arguments. */
    static Part<Rows.Item> shared(List<Waiting<?, ?>> sharing) {
        List<Waiting<Rows.Item, ?>> callers = callers(sharing);
        Step<Rows.Item, ?> any = callers.get(0).step;
        return shared(callers, any.sql(), false, any.arguments(), Step.Element::appendTo, rows -> {
            Map<String, Rows.Item> byTask = new HashMap<>(rows.size() * 2);
            for (Rows.Item row : rows) {
                byTask.put(row.id(), row);
            }
            for (Waiting<Rows.Item, ?> caller : callers) {
                Step.Element element = element(caller);
                Rows.Item row = byTask.get(element.task());
                caller.settle(row == null ? List.of() : List.of(element.known() == null ? row : element.known()));
            }
        });
    }

    /** The same, without asking which of them have had an effect: the next part is {@link #allChanged}. */
    static Part<Rows.Item> trusted(List<Waiting<?, ?>> sharing) {
        List<Waiting<Rows.Item, ?>> callers = callers(sharing);
        Step<Rows.Item, ?> any = callers.get(0).step;
        return shared(callers, any.sql(), true, any.arguments(), Step.Element::appendTo, rows -> settleAll(callers));
    }

    /** The same, for leases of one fetch. */
    static Part<Rows.Item> ofOneFetch(Sql sql, Lease.Fetch fetch, List<Waiting<?, ?>> sharing) {
        List<Waiting<Rows.Item, ?>> callers = callers(sharing);
        return shared(callers, sql, true, fetch.arguments(), Step.Element::appendFencedTo, rows -> settleAll(callers));
    }

    private static void settleAll(List<Waiting<Rows.Item, ?>> callers) {
        for (Waiting<Rows.Item, ?> caller : callers) {
            caller.settle(List.of(Objects.requireNonNull(element(caller).known())));
        }
    }

    /** Whether {@link #trusted} can settle steps like this one. */
    static boolean isKnownBefore(Waiting<?, ?> caller) {
        Step.Element element = caller.step.element();
        return element != null && element.known() != null;
    }

    /** Fails the turn unless the part before it has changed that many rows. */
    static Part<String> allChanged(int rows) {
        return new Part<>(Sql.ALL_CHANGED, false, List.of((long) rows), Rows::none, none -> {}, error -> {});
    }

    private static Part<Rows.Item> shared(
            List<Waiting<Rows.Item, ?>> callers,
            Sql sql,
            boolean silent,
            Map<String, Object> named,
            BiConsumer<Step.Element, StringBuilder> write,
            Consumer<List<Rows.Item>> settle) {
        StringBuilder tasks = new StringBuilder(Waiting.size(callers)).append('{');
        for (Waiting<Rows.Item, ?> caller : callers) {
            if (tasks.length() > 1) {
                tasks.append(',');
            }
            write.accept(element(caller), tasks);
        }
        return new Part<>(
                sql,
                silent,
                arguments(sql, named, tasks.append('}').toString()),
                callers.get(0).step.row(),
                settle,
                error -> callers.forEach(caller -> caller.fail(error)));
    }

    /** The steps about a task all read the same kind of row. */
    @SuppressWarnings("unchecked")
    private static List<Waiting<Rows.Item, ?>> callers(List<Waiting<?, ?>> sharing) {
        List<Waiting<Rows.Item, ?>> callers = new ArrayList<>(sharing.size());
        for (Waiting<?, ?> waiting : sharing) {
            callers.add((Waiting<Rows.Item, ?>) waiting);
        }
        return callers;
    }

    /** The lease that a step is about. */
    static Lease lease(Waiting<?, ?> caller) {
        return Objects.requireNonNull(
                Objects.requireNonNull(caller.step.element()).lease());
    }

    private static Step.Element element(Waiting<?, ?> caller) {
        return Objects.requireNonNull(caller.step.element());
    }

    private static List<Object> arguments(Sql sql, Map<String, Object> named, String tasks) {
        List<Object> arguments = new ArrayList<>();
        for (String name : sql.parameters()) {
            Object argument = named.getOrDefault(name, tasks);
            arguments.add(argument instanceof Supplier<?> late ? late.get() : argument);
        }
        return arguments;
    }

    /** Writes the statement with its parameters numbered from there. */
    void appendTo(StringBuilder text, int firstParameter) {
        if (silent) {
            sql.appendSilentTo(text, firstParameter);
        } else {
            sql.appendTo(text, firstParameter);
        }
    }

    /**
     * Reads the statement's result, and gives what settles its steps. A row that cannot be read is its own statement's
     * fault: the turn has run, and the others' rows are there.
     */
    Mono<Runnable> read(Result result) {
        return Flux.from(result.map(row))
                .collectList()
                .<Runnable>map(rows -> () -> settle.accept(rows))
                .onErrorResume(
                        error -> !(error instanceof R2dbcException), error -> Mono.just(() -> fail.accept(error)));
    }
}
