package dev.pollux.r2dbc;

import io.r2dbc.spi.R2dbcType;
import io.r2dbc.spi.Type;
import java.nio.ByteBuffer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a column's declared type says about it. SQLite keeps any value in any column; the declaration is a wish, read by
 * the rules for affinity, with the usual SQL names told apart where Java's types are.
 *
 * @see <a href="https://www.sqlite.org/datatype3.html#determination_of_column_affinity">SQLite: column affinity</a>
 */
enum ColumnType {
    TINYINT(R2dbcType.TINYINT, Long.class),
    SMALLINT(R2dbcType.SMALLINT, Long.class),
    INTEGER(R2dbcType.INTEGER, Long.class),
    BIGINT(R2dbcType.BIGINT, Long.class),
    BOOLEAN(R2dbcType.BOOLEAN, Boolean.class),
    TEXT(R2dbcType.VARCHAR, String.class),
    CHAR(R2dbcType.CHAR, String.class),
    CLOB(R2dbcType.CLOB, String.class),
    BLOB(R2dbcType.BLOB, ByteBuffer.class),
    DOUBLE(R2dbcType.DOUBLE, Double.class),
    NUMERIC(R2dbcType.NUMERIC, null),
    DATE(R2dbcType.DATE, String.class),
    TIME(R2dbcType.TIME, String.class),
    TIMESTAMP(R2dbcType.TIMESTAMP, String.class),
    /** An expression, or a column without a type, of whose values none is known. */
    ANY(null, null);

    /** Null for what R2DBC has no constant for. */
    private final @Nullable R2dbcType type;

    private final @Nullable Class<?> javaType;

    ColumnType(@Nullable R2dbcType type, @Nullable Class<?> javaType) {
        this.type = type;
        this.javaType = javaType;
    }

    Type type() {
        return type == null ? Any.TYPE : type;
    }

    /** What the column's values usually are in Java, or null if the declaration does not say. */
    @Nullable
    Class<?> javaType() {
        return javaType;
    }

    /** The type of a column as declared, or by a value of its if nothing is declared. */
    static ColumnType of(@Nullable String declared, @Nullable Object value) {
        if (declared != null && !declared.isEmpty()) {
            return declared(declared);
        }
        if (value instanceof Long) {
            return BIGINT;
        }
        if (value instanceof Double) {
            return DOUBLE;
        }
        return value instanceof String ? TEXT : value == null ? ANY : BLOB;
    }

    private static ColumnType declared(String declared) {
        int length = declared.indexOf('(');
        String name =
                (length < 0 ? declared : declared.substring(0, length)).trim().toUpperCase(Locale.ROOT);
        return switch (name) {
            case "BOOLEAN", "BOOL" -> BOOLEAN;
            case "DATE" -> DATE;
            case "TIME" -> TIME;
            case "DATETIME", "TIMESTAMP" -> TIMESTAMP;
            case "TINYINT", "INT1" -> TINYINT;
            case "SMALLINT", "INT2" -> SMALLINT;
            case "BIGINT", "INT8", "UNSIGNED BIG INT" -> BIGINT;
            case "CHAR", "CHARACTER" -> CHAR;
            case "CLOB" -> CLOB;
            default -> byAffinity(name);
        };
    }

    private static ColumnType byAffinity(String name) {
        if (name.contains("INT")) {
            return INTEGER;
        }
        if (name.contains("CHAR") || name.contains("CLOB") || name.contains("TEXT")) {
            return TEXT;
        }
        if (name.contains("BLOB")) {
            return BLOB;
        }
        return name.contains("REAL") || name.contains("FLOA") || name.contains("DOUB") ? DOUBLE : NUMERIC;
    }

    /** SQLite's own "any type", which R2DBC has no constant for. */
    private enum Any implements Type {
        TYPE;

        @Override
        public Class<?> getJavaType() {
            return Object.class;
        }

        @Override
        public String getName() {
            return "ANY";
        }
    }
}
