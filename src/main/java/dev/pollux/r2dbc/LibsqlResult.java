package dev.pollux.r2dbc;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;
import java.util.Iterator;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What one statement gave. Its segments are its rows and then, for a statement that may write, the count of the rows it
 * changed. A statement that fails before its first row fails {@code execute()}, where no caller can overlook it; an
 * error that comes later, while further rows are read, is the last segment.
 *
 * <p>Subscribing to a publisher of this result claims the result for it; a second one fails with {@link
 * IllegalStateException}. Rows come on the thread that asks for them or, when they have to be waited for, on a thread
 * that must not block. Cancelling ends the reading in the database.
 */
final class LibsqlResult implements Result {

    private final OpenAnswer answer;
    private final @Nullable Predicate<Segment> filter;

    LibsqlResult(OpenAnswer answer) {
        this(answer, null);
    }

    private LibsqlResult(OpenAnswer answer, @Nullable Predicate<Segment> filter) {
        this.answer = answer;
        this.filter = filter;
    }

    /** The count of changed rows, 0 included; empty for a statement that only reads. */
    @Override
    public Mono<Long> getRowsUpdated() {
        answer.check();
        return Mono.fromSupplier(() -> {
            answer.read();
            answer.free();
            Long count = answer.rowsUpdated();
            return count == null || (filter != null && !filter.test(new Count(count))) ? null : count;
        });
    }

    @Override
    public <T> Flux<T> map(BiFunction<Row, RowMetadata, ? extends T> mappingFunction) {
        Require.nonNull(mappingFunction, "mappingFunction");
        LibsqlRowMetadata metadata = answer.metadata();
        return rows(row -> mappingFunction.apply(row, metadata));
    }

    @Override
    public <T> Flux<T> map(Function<? super Readable, ? extends T> mappingFunction) {
        return rows(Require.nonNull(mappingFunction, "mappingFunction"));
    }

    private <T> Flux<T> rows(Function<? super LibsqlRow, ? extends T> mapping) {
        answer.check();
        if (answer.isWhole() && filter == null) {
            return Flux.fromIterable(() -> {
                answer.read();
                return new Rows<T>(answer.rows(), answer.metadata(), mapping);
            });
        }
        return Flux.defer(() -> {
            answer.read();
            return filter == null ? streamed(answer.portions(), mapping) : filtered(filter, mapping);
        });
    }

    private <T> Flux<T> filtered(Predicate<Segment> wanted, Function<? super LibsqlRow, ? extends T> mapping) {
        Flux<List<@Nullable Object[]>> portions = answer.portions()
                .onErrorResume(R2dbcException.class, e -> wanted.test(new Failure(e)) ? Flux.error(e) : Flux.empty());
        return streamed(portions, row -> row).filter(wanted).map(mapping);
    }

    private <T> Flux<T> streamed(
            Flux<List<@Nullable Object[]>> portions, Function<? super LibsqlRow, ? extends T> mapping) {
        LibsqlRowMetadata metadata = answer.metadata();
        // One portion ahead at most: the demand of whoever reads is the demand on the database.
        return portions.concatMapIterable(rows -> () -> new Rows<T>(rows, metadata, mapping), 1);
    }

    @Override
    public Result filter(Predicate<Segment> filter) {
        Require.nonNull(filter, "filter");
        answer.check();
        Predicate<Segment> earlier = this.filter;
        return new LibsqlResult(answer, earlier == null ? filter : earlier.and(filter));
    }

    @Override
    public <T> Flux<T> flatMap(Function<Segment, ? extends Publisher<? extends T>> mappingFunction) {
        Require.nonNull(mappingFunction, "mappingFunction");
        answer.check();
        return Flux.defer(() -> {
            answer.read();
            Flux<Segment> segments = streamed(answer.portions(), row -> row);
            Long count = answer.rowsUpdated();
            if (count != null) {
                segments = segments.concatWithValues(new Count(count));
            }
            segments = segments.onErrorResume(R2dbcException.class, e -> Mono.just(new Failure(e)));
            return (filter == null ? segments : segments.filter(filter)).concatMap(mappingFunction);
        });
    }

    /** Maps the rows of a portion one by one as they are asked for. */
    private static final class Rows<T> implements Iterator<T> {

        private final Iterator<@Nullable Object[]> rows;
        private final LibsqlRowMetadata metadata;
        private final Function<? super LibsqlRow, ? extends T> mapping;

        Rows(
                List<@Nullable Object[]> rows,
                LibsqlRowMetadata metadata,
                Function<? super LibsqlRow, ? extends T> mapping) {
            this.rows = rows.iterator();
            this.metadata = metadata;
            this.mapping = mapping;
        }

        @Override
        public boolean hasNext() {
            return rows.hasNext();
        }

        @Override
        public T next() {
            T mapped = mapping.apply(new LibsqlRow(rows.next(), metadata));
            if (mapped == null) {
                throw new NullPointerException("the mapping function returned null");
            }
            return mapped;
        }
    }

    private record Count(long value) implements UpdateCount {}

    private record Failure(R2dbcException exception) implements Message {

        @Override
        public int errorCode() {
            return exception.getErrorCode();
        }

        @Override
        public @Nullable String sqlState() {
            return exception.getSqlState();
        }

        @Override
        public String message() {
            return String.valueOf(exception.getMessage());
        }
    }
}
