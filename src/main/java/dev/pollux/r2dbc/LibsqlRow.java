package dev.pollux.r2dbc;

import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import org.jspecify.annotations.Nullable;

/** A row, and the segment that holds it. Its values stay readable after the mapping function has returned. */
final class LibsqlRow implements Row, Result.RowSegment {

    private final @Nullable Object[] values;
    private final LibsqlRowMetadata metadata;

    LibsqlRow(@Nullable Object[] values, LibsqlRowMetadata metadata) {
        this.values = values;
        this.metadata = metadata;
    }

    @Override
    public LibsqlRowMetadata getMetadata() {
        return metadata;
    }

    @Override
    public <T> @Nullable T get(int index, Class<T> type) {
        Require.nonNull(type, "type");
        LibsqlColumnMetadata column = metadata.getColumnMetadata(index);
        Object stored = values[index];
        return stored == null ? null : Decoder.decode(stored, type, index, column);
    }

    @Override
    public <T> @Nullable T get(String name, Class<T> type) {
        return get(metadata.index(name), type);
    }

    @Override
    public Row row() {
        return this;
    }

    /** Its columns without its values, which may be secret. */
    @Override
    public String toString() {
        return "Row" + metadata.getColumnMetadatas();
    }
}
