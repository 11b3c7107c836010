package dev.pollux;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What goes to the database at once: the statements of all steps as one text, with parameters numbered across it, which
 * the driver runs as one unit of work and answers with a result each.
 */
final class Turn {

    private final List<Waiting<?, ?>> steps;

    Turn(List<Waiting<?, ?>> steps) {
        this.steps = steps;
    }

    int size() {
        return steps.size();
    }

    boolean isEmpty() {
        return steps.isEmpty();
    }

    /** Sends the turn; completes when it is committed and every step is settled. */
    Mono<Void> execute(Connection connection) {
        return Mono.defer(() -> {
            List<Part<?>> parts = parts();
            Statement statement = connection.createStatement(text(parts));
            int number = 0;
            for (Part<?> part : parts) {
                for (Object argument : part.arguments()) {
                    statement.bind(number++, argument);
                }
            }
            return Flux.from(statement.execute())
                    .zipWithIterable(parts, Turn::read)
                    .concatMap(Function.identity())
                    .collectList()
                    .doOnNext(settlements -> {
                        if (settlements.size() < parts.size()) {
                            throw new IllegalStateException("the R2DBC driver gave " + settlements.size()
                                    + " results for a text of " + parts.size()
                                    + " statements: the queue needs one that runs several statements as one unit of"
                                    + " work, such as r2dbc:libsql");
                        }
                        settlements.forEach(Runnable::run);
                    })
                    .then();
        });
    }

    private static String text(List<Part<?>> parts) {
        StringBuilder text = new StringBuilder();
        int number = 1;
        for (Part<?> part : parts) {
            if (number > 1 || !text.isEmpty()) {
                text.append(";\n");
            }
            Sql sql = part.step().sql();
            sql.appendTo(text, number);
            number += sql.parameters().size();
        }
        return text.toString();
    }

    /** A row that cannot be read is its own statement's fault: the turn has run, and the others' rows are there. */
    private static <V> Mono<Runnable> read(Result result, Part<V> part) {
        return Flux.from(result.map(part.step().row()))
                .collectList()
                .<Runnable>map(rows -> () -> part.settle(rows))
                .onErrorResume(error -> !(error instanceof R2dbcException), error -> Mono.just(() -> part.fail(error)));
    }

    private List<Part<?>> parts() {
        List<Part<?>> parts = new ArrayList<>();
        bySql().forEach((sql, same) -> {
            if (same.get(0).step.isElement()) {
                byArguments(same).forEach(sharing -> parts.add(elements(sharing)));
            } else {
                for (Waiting<?, ?> waiting : same) {
                    parts.add(single(waiting));
                }
            }
        });
        return parts;
    }

    private static Collection<List<Waiting<?, ?>>> byArguments(List<Waiting<?, ?>> same) {
        Map<Map<String, Object>, List<Waiting<?, ?>>> byArguments = new LinkedHashMap<>();
        for (Waiting<?, ?> waiting : same) {
            byArguments
                    .computeIfAbsent(waiting.step.arguments(), arguments -> new ArrayList<>())
                    .add(waiting);
        }
        return byArguments.values();
    }

    private static <V> Part<V> single(Waiting<V, ?> waiting) {
        return new Part<>(waiting.step, "", List.of(waiting));
    }

    /** The steps of one statement read the same kind of row: {@link Rows.Item}. */
    @SuppressWarnings("unchecked")
    private static Part<Rows.Item> elements(List<Waiting<?, ?>> sharing) {
        StringBuilder tasks = new StringBuilder(Waiting.size(sharing)).append('{');
        List<Waiting<Rows.Item, ?>> callers = new ArrayList<>(sharing.size());
        for (Waiting<?, ?> waiting : sharing) {
            if (tasks.length() > 1) {
                tasks.append(',');
            }
            Objects.requireNonNull(waiting.step.element()).appendTo(tasks);
            callers.add((Waiting<Rows.Item, ?>) waiting);
        }
        return new Part<>(callers.get(0).step, tasks.append('}').toString(), callers);
    }

    /**
     * One statement of the turn, with the steps that share it.
     *
     * @param step any of them
     * @param tasks what the statement is told of the tasks of all of them, as JSON
     */
    private record Part<V>(Step<V, ?> step, String tasks, List<? extends Waiting<V, ?>> callers) {

        /** In the order of the statement's parameters. */
        List<Object> arguments() {
            List<Object> arguments = new ArrayList<>();
            for (String name : step.sql().parameters()) {
                arguments.add(step.arguments().getOrDefault(name, tasks));
            }
            return arguments;
        }

        void fail(Throwable error) {
            callers.forEach(caller -> caller.fail(error));
        }

        void settle(List<V> rows) {
            if (!step.isElement()) {
                callers.get(0).settle(rows);
                return;
            }
            Map<String, V> byTask = new HashMap<>(rows.size() * 2);
            for (V row : rows) {
                byTask.put(((Rows.Item) row).id(), row);
            }
            for (Waiting<V, ?> caller : callers) {
                V row = byTask.get(Objects.requireNonNull(caller.step.element()).task());
                caller.settle(row == null ? List.of() : List.of(row));
            }
        }
    }

    Turn firstHalf() {
        return new Turn(steps.subList(0, steps.size() / 2));
    }

    Turn secondHalf() {
        return new Turn(steps.subList(steps.size() / 2, steps.size()));
    }

    /** A turn for each statement there is in this one. */
    List<Turn> byStatement() {
        return bySql().values().stream().map(Turn::new).toList();
    }

    private Map<Sql, List<Waiting<?, ?>>> bySql() {
        Map<Sql, List<Waiting<?, ?>>> bySql = new EnumMap<>(Sql.class);
        for (Waiting<?, ?> waiting : steps) {
            bySql.computeIfAbsent(waiting.step.sql(), sql -> new ArrayList<>()).add(waiting);
        }
        return bySql;
    }

    /** The steps that wait for another try after this passing fault; those without the patience have failed. */
    Turn patientWith(Throwable fault, Duration wait) {
        List<Waiting<?, ?>> rest = new ArrayList<>();
        List<Waiting<?, ?>> failed = new ArrayList<>();
        for (Waiting<?, ?> waiting : steps) {
            (waiting.awaitsAfter(fault, wait) ? rest : failed).add(waiting);
        }
        tell(rest, fault, wait);
        tell(failed, fault, null);
        return new Turn(rest);
    }

    /** Fails every step. */
    void failAll(Throwable error) {
        steps.forEach(step -> step.fail(error));
        tell(steps, error, null);
    }

    /** Reports a fault once for each storage and statement, however many steps of it are in the turn. */
    private static void tell(List<Waiting<?, ?>> steps, Throwable fault, @Nullable Duration wait) {
        Set<BiConsumer<Throwable, Step.Retry>> told = new HashSet<>();
        for (Waiting<?, ?> waiting : steps) {
            if (told.add(waiting.step.onFault())) {
                waiting.step.onFault().accept(fault, new Step.Retry(Math.max(1, waiting.tries()), wait));
            }
        }
    }

    /** How long to wait before the next try. */
    Duration backoff() {
        return Fault.backoff(steps.stream().mapToInt(Waiting::tries).max().orElse(0));
    }

    /** Tells every caller what its step gave. */
    void emit() {
        steps.forEach(Waiting::emit);
    }
}
