package dev.pollux.r2dbc;

import dev.pollux.r2dbc.transport.Column;
import io.r2dbc.spi.RowMetadata;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** The columns of a result, made once for all its rows. */
final class LibsqlRowMetadata implements RowMetadata {

    private final List<LibsqlColumnMetadata> columns;
    /** Names as they are and in lower case, each with the first column it can mean; made when first needed. */
    private volatile @Nullable Map<String, Integer> indexes;

    /**
     * The metadata of a result.
     *
     * @param firstRow its first row, which stands in for the types of columns that have none declared, or null
     */
    LibsqlRowMetadata(List<Column> columns, @Nullable Object @Nullable [] firstRow) {
        List<LibsqlColumnMetadata> all = new ArrayList<>(columns.size());
        for (int i = 0; i < columns.size(); i++) {
            all.add(new LibsqlColumnMetadata(columns.get(i), firstRow == null ? null : firstRow[i]));
        }
        this.columns = Collections.unmodifiableList(all);
    }

    @Override
    public LibsqlColumnMetadata getColumnMetadata(int index) {
        if (index < 0 || index >= columns.size()) {
            throw new IndexOutOfBoundsException(
                    "column index " + index + " of a result with " + columns.size() + " columns");
        }
        return columns.get(index);
    }

    @Override
    public LibsqlColumnMetadata getColumnMetadata(String name) {
        return columns.get(index(name));
    }

    @Override
    public List<LibsqlColumnMetadata> getColumnMetadatas() {
        return columns;
    }

    @Override
    public boolean contains(String columnName) {
        return find(columnName) != null;
    }

    /** The index of the first column of that name, whatever its case. */
    int index(String name) {
        Integer index = find(name);
        if (index == null) {
            throw new NoSuchElementException("no column is named \"" + name + "\"; there are "
                    + columns.stream().map(LibsqlColumnMetadata::getName).toList());
        }
        return index;
    }

    private @Nullable Integer find(String name) {
        Map<String, Integer> known = indexes;
        if (known == null) {
            known = index(columns);
            indexes = known;
        }
        Integer index = known.get(Require.nonNull(name, "name"));
        return index != null ? index : known.get(name.toLowerCase(Locale.ROOT));
    }

    private static Map<String, Integer> index(List<LibsqlColumnMetadata> columns) {
        Map<String, Integer> indexes = new HashMap<>();
        for (int i = 0; i < columns.size(); i++) {
            String name = columns.get(i).getName();
            Integer first = indexes.putIfAbsent(name.toLowerCase(Locale.ROOT), i);
            indexes.putIfAbsent(name, first == null ? i : first);
        }
        return indexes;
    }
}
