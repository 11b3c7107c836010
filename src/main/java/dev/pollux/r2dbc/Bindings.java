package dev.pollux.r2dbc;

import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import io.r2dbc.spi.Parameter;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The sets of values bound to the parameters of one text. Not for several threads at once, like its statement. */
final class Bindings {

    private static final Object UNBOUND = new Object();
    private static final @Nullable Object[] NONE = {};

    private final ParsedSql sql;
    private final List<@Nullable Object[]> saved = new ArrayList<>(0);
    private @Nullable Object[] current;
    private boolean lobs;

    Bindings(ParsedSql sql) {
        this.sql = sql;
        this.current = unbound();
    }

    private @Nullable Object[] unbound() {
        if (sql.parameterCount() == 0) {
            return NONE;
        }
        @Nullable Object[] values = new @Nullable Object[sql.parameterCount()];
        Arrays.fill(values, UNBOUND);
        return values;
    }

    /** The zero-based index of a parameter's name, with or without its prefix. */
    int index(String name) {
        Integer index = sql.names().get(Require.nonNull(name, "name"));
        if (index == null) {
            throw new NoSuchElementException("no parameter is named \"" + name + "\"; there are "
                    + (sql.names().isEmpty()
                            ? sql.parameterCount() + " without a name"
                            : sql.names().keySet()));
        }
        return index;
    }

    void set(int index, Object value) {
        check(index);
        Object encoded = encode(index, value);
        current[index] = encoded;
        lobs = lobs || Values.isLob(encoded);
    }

    void setNull(int index) {
        check(index);
        current[index] = null;
    }

    private static @Nullable Object encode(int index, Object value) {
        try {
            return Values.encode(value);
        } catch (IllegalArgumentException e) {
            String type = value instanceof Parameter ? " (a Parameter)" : "";
            throw new IllegalArgumentException("parameter index " + index + type + ": " + e.getMessage());
        }
    }

    private void check(int index) {
        if (index < 0 || index >= current.length) {
            throw new IndexOutOfBoundsException(
                    "parameter index " + index + " of a statement with " + current.length + " parameters");
        }
    }

    /** Saves the current set and begins another. */
    void add() {
        requireComplete();
        saved.add(current);
        current = unbound();
    }

    /** All sets, the current one last; later changes do not reach them. */
    List<@Nullable Object[]> sets() {
        requireComplete();
        if (saved.isEmpty()) {
            return List.<@Nullable Object[]>of(current.clone());
        }
        List<@Nullable Object[]> sets = new ArrayList<>(saved.size() + 1);
        sets.addAll(saved);
        sets.add(current.clone());
        return sets;
    }

    private void requireComplete() {
        for (int i = 0; i < current.length; i++) {
            if (current[i] == UNBOUND && sql.used().get(i)) {
                int missing = i;
                String names = sql.names().entrySet().stream()
                        .filter(name -> name.getValue() == missing)
                        .map(name -> name.getKey())
                        .sorted()
                        .findFirst()
                        .map(name -> " (" + name + ")")
                        .orElse("");
                throw new IllegalStateException("no value is bound to the parameter with index " + i + names
                        + (saved.isEmpty() ? "" : " in binding set " + (saved.size() + 1)));
            }
        }
    }

    /** Whether a Blob or Clob was bound, which must be read before it can be sent. */
    boolean holdLobs() {
        return lobs;
    }

    /** The same sets with every Blob and Clob read, one after the other. */
    static Mono<List<@Nullable Object[]>> readLobs(List<@Nullable Object[]> sets) {
        return Flux.fromIterable(sets)
                .concatMap(set -> Flux.range(0, set.length)
                        .concatMap(i -> read(i, set[i]).map(value -> new Slot(i, value)))
                        .collect(set::clone, (copy, slot) -> copy[slot.index] = slot.value))
                .collectList();
    }

    private static Mono<Object> read(int index, @Nullable Object value) {
        if (value instanceof Blob blob) {
            return Flux.from(blob.stream())
                    .collect(ByteArrayOutputStream::new, Bindings::append)
                    .map(ByteArrayOutputStream::toByteArray);
        }
        if (value instanceof Clob clob) {
            return Flux.from(clob.stream())
                    .collect(StringBuilder::new, StringBuilder::append)
                    .mapNotNull(text -> encode(index, text.toString()));
        }
        return Mono.empty();
    }

    private static void append(ByteArrayOutputStream bytes, ByteBuffer part) {
        byte[] copy = new byte[part.remaining()];
        part.get(copy);
        bytes.write(copy, 0, copy.length);
    }

    private record Slot(int index, Object value) {}
}
