package dev.pollux;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What goes to the database at once: the statements of all steps as one text, with parameters numbered across it, which
 * the driver runs as one unit of work and answers with a result each.
 *
 * <p>Nearly always, a statement about many tasks changes all of them. Where its rows would tell no more than that, it is
 * asked for none, which saves a third of its cost, and a statement after it fails the turn if it was wrong to trust in
 * that. Then {@link #exact} is the turn to run.
 */
final class Turn {

    /** From how many tasks a statement's rows cost more than the statement that counts them. */
    private static final int MANY = 16;

    private final List<Waiting<?, ?>> steps;
    private final boolean exact;

    /** A turn that trusts in its leases. */
    Turn(List<Waiting<?, ?>> steps) {
        this(steps, false);
    }

    private Turn(List<Waiting<?, ?>> steps, boolean exact) {
        this.steps = steps;
        this.exact = exact;
    }

    int size() {
        return steps.size();
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
                    .zipWithIterable(parts, (result, part) -> part.read(result))
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
            part.appendTo(text, number);
            number += part.arguments().size();
        }
        return text.toString();
    }

    private List<Part<?>> parts() {
        List<Part<?>> parts = new ArrayList<>();
        bySql().forEach((sql, same) -> {
            if (same.get(0).step.isElement()) {
                grouped(same, waiting -> waiting.step.arguments())
                        .values()
                        .forEach(sharing -> addShared(sharing, parts));
            } else {
                for (Waiting<?, ?> waiting : same) {
                    parts.add(Part.single(waiting));
                }
            }
        });
        return parts;
    }

    private static <K> Map<K, List<Waiting<?, ?>>> grouped(List<Waiting<?, ?>> steps, Function<Waiting<?, ?>, K> key) {
        Map<K, List<Waiting<?, ?>>> groups = new LinkedHashMap<>();
        for (Waiting<?, ?> waiting : steps) {
            groups.computeIfAbsent(key.apply(waiting), none -> new ArrayList<>())
                    .add(waiting);
        }
        return groups;
    }

    private void addShared(List<Waiting<?, ?>> sharing, List<Part<?>> parts) {
        if (exact || !Part.isKnownBefore(sharing.get(0))) {
            parts.add(Part.shared(sharing));
            return;
        }
        Sql sameFetch = sharing.get(0).step.sql().ofOneFetch();
        List<Waiting<?, ?>> others = sameFetch == null ? sharing : addFetches(sharing, sameFetch, parts);
        if (others.size() >= MANY) {
            addTrusted(Part.trusted(others), others.size(), parts);
        } else if (!others.isEmpty()) {
            parts.add(Part.shared(others));
        }
    }

    /** Adds a part for each fetch that has given many of the leases; returns the others. */
    private static List<Waiting<?, ?>> addFetches(List<Waiting<?, ?>> sharing, Sql sql, List<Part<?>> parts) {
        List<Waiting<?, ?>> others = new ArrayList<>();
        grouped(sharing, waiting -> Part.lease(waiting).given()).forEach((fetch, same) -> {
            if (same.size() >= MANY) {
                addTrusted(Part.ofOneFetch(sql, fetch, same), same.size(), parts);
            } else {
                others.addAll(same);
            }
        });
        return others;
    }

    private static void addTrusted(Part<?> part, int tasks, List<Part<?>> parts) {
        parts.add(part);
        parts.add(Part.allChanged(tasks));
    }

    /** Whether it may have failed only because it trusted. */
    boolean isTrusting() {
        return !exact && steps.size() >= MANY && steps.stream().anyMatch(Part::isKnownBefore);
    }

    /** The same turn, which asks all of its statements for their rows. */
    Turn exact() {
        return new Turn(steps, true);
    }

    Turn firstHalf() {
        return new Turn(steps.subList(0, steps.size() / 2), exact);
    }

    Turn secondHalf() {
        return new Turn(steps.subList(steps.size() / 2, steps.size()), exact);
    }

    /** A turn for each statement there is in this one. */
    List<Turn> byStatement() {
        return bySql().values().stream().map(same -> new Turn(same, exact)).toList();
    }

    private Map<Sql, List<Waiting<?, ?>>> bySql() {
        Map<Sql, List<Waiting<?, ?>>> bySql = new EnumMap<>(Sql.class);
        for (Waiting<?, ?> waiting : steps) {
            bySql.computeIfAbsent(waiting.step.sql(), sql -> new ArrayList<>()).add(waiting);
        }
        return bySql;
    }

    /** The steps that are to run again after this passing fault; those without the patience have failed. */
    List<Waiting<?, ?>> patientWith(Throwable fault, Duration wait) {
        List<Waiting<?, ?>> rest = new ArrayList<>();
        List<Waiting<?, ?>> failed = new ArrayList<>();
        for (Waiting<?, ?> waiting : steps) {
            (waiting.awaitsAfter(fault, wait) ? rest : failed).add(waiting);
        }
        tell(rest, fault, wait);
        tell(failed, fault, null);
        return rest;
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

    /** Those steps of it that are not to run again. */
    Turn settled() {
        return new Turn(steps.stream().filter(Waiting::isSettled).toList());
    }

    /** Tells the callers of these steps what they gave. */
    void emit(Predicate<Step<?, ?>> which) {
        for (Waiting<?, ?> waiting : steps) {
            if (which.test(waiting.step)) {
                waiting.emit();
            }
        }
    }
}
