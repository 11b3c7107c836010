package dev.pollux.r2dbc;

import dev.pollux.r2dbc.transport.Column;
import io.r2dbc.spi.ColumnMetadata;
import io.r2dbc.spi.Type;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What is known of a column: its name in the result, and what its declaration says. */
final class LibsqlColumnMetadata implements ColumnMetadata {

    private static final Pattern SIZE = Pattern.compile("\\(\\s*(\\d{1,9})\\s*(?:,\\s*(\\d{1,9})\\s*)?\\)");

    private final Column column;
    private final @Nullable Object value;
    private @Nullable ColumnType type; // found when first asked for, by whoever asks

    LibsqlColumnMetadata(Column column, @Nullable Object value) {
        this.column = column;
        this.value = value;
    }

    ColumnType columnType() {
        ColumnType known = type;
        if (known == null) {
            known = ColumnType.of(column.declaredType(), value);
            type = known;
        }
        return known;
    }

    @Override
    public String getName() {
        return column.name();
    }

    @Override
    public Type getType() {
        return columnType().type();
    }

    @Override
    public @Nullable Class<?> getJavaType() {
        return columnType().javaType();
    }

    /** The declared type as it was written, for example {@code VARCHAR(100)}, or null. */
    @Override
    public @Nullable Object getNativeTypeMetadata() {
        return column.declaredType();
    }

    @Override
    public @Nullable Integer getPrecision() {
        return size(1);
    }

    @Override
    public @Nullable Integer getScale() {
        return size(2);
    }

    private @Nullable Integer size(int group) {
        Matcher size = SIZE.matcher(column.declaredType() == null ? "" : column.declaredType());
        String digits = size.find() ? size.group(group) : null;
        return digits == null ? null : Integer.valueOf(digits);
    }

    @Override
    public String toString() {
        return column.name() + " " + (column.declaredType() == null ? "" : column.declaredType());
    }
}
