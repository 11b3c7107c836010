package dev.pollux.r2dbc;

import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import io.r2dbc.spi.Parameter;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.temporal.TemporalAccessor;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Java's values as SQLite's: what a parameter may be, and what is stored for it.
 *
 * <table>
 * <caption>What is stored</caption>
 * <tr><td>Boolean</td><td>INTEGER 0 or 1</td></tr>
 * <tr><td>Byte, Short, Integer, Long, BigInteger within 64 bits</td><td>INTEGER</td></tr>
 * <tr><td>Float, Double</td><td>REAL; NaN and the infinities are refused, for SQLite stores NaN as NULL and the wire has
 * neither</td></tr>
 * <tr><td>BigDecimal</td><td>INTEGER if it has no decimal places and fits in 64 bits, otherwise its plain TEXT, which loses
 * nothing and which a column of NUMERIC affinity turns into a number by itself</td></tr>
 * <tr><td>CharSequence, Character, enum (its name), UUID, Clob</td><td>TEXT</td></tr>
 * <tr><td>java.time</td><td>ISO-8601 TEXT, see {@link Temporals}</td></tr>
 * <tr><td>byte[], ByteBuffer (what remains, its position unchanged), Blob</td><td>BLOB</td></tr>
 * </table>
 *
 * <p>No message here holds a value.
 *
 * @see <a href="https://www.sqlite.org/datatype3.html">SQLite: datatypes</a>
 */
final class Values {

    /** The longest BigDecimal written out in plain digits. */
    private static final int MOST_DIGITS = 10_000;

    private Values() {}

    /**
     * What a transport gets for a bound value: null, {@link Long}, {@link Double}, {@link String} or {@code byte[]}, or
     * the {@link Blob} or {@link Clob} itself, which is read when the statement runs.
     *
     * @throws IllegalArgumentException if there is no such type, or the value is out of its range
     */
    static @Nullable Object encode(Object value) {
        // Classes before interfaces: that an object has not an interface takes long to find out.
        if (value instanceof String text) {
            return text(text);
        }
        if (value instanceof Long || value instanceof byte[]) {
            return value;
        }
        if (value instanceof Number number) {
            return number(number);
        }
        if (value instanceof Parameter parameter) {
            return parameter(parameter);
        }
        if (value instanceof Boolean flag) {
            return flag ? 1L : 0L;
        }
        if (value instanceof CharSequence || value instanceof Character || value instanceof UUID) {
            return text(value.toString());
        }
        if (value instanceof Enum<?> constant) {
            return constant.name();
        }
        if (value instanceof ByteBuffer buffer) {
            byte[] bytes = new byte[buffer.remaining()];
            buffer.duplicate().get(bytes);
            return bytes;
        }
        if (value instanceof Blob || value instanceof Clob) {
            return value;
        }
        if (value instanceof TemporalAccessor temporal) {
            String text = Temporals.format(temporal);
            if (text != null) {
                return text;
            }
        }
        throw new IllegalArgumentException("a value of type " + value.getClass().getName() + " cannot be bound");
    }

    /** Whether it is what {@link #encode} gives for a value that must be read before it can be sent. */
    static boolean isLob(@Nullable Object encoded) {
        return !(encoded instanceof String)
                && !(encoded instanceof Number)
                && !(encoded instanceof byte[])
                && (encoded instanceof Blob || encoded instanceof Clob);
    }

    private static String text(String text) {
        int unpaired = Surrogates.unpaired(text);
        if (unpaired >= 0) {
            throw new IllegalArgumentException("the text holds an unpaired surrogate at index " + unpaired
                    + ", which cannot be stored: bind the bytes instead");
        }
        return text;
    }

    private static @Nullable Object parameter(Parameter parameter) {
        if (parameter instanceof Parameter.Out) {
            throw new IllegalArgumentException("SQLite has no OUT parameters");
        }
        Object value = parameter.getValue();
        return value == null ? null : encode(value);
    }

    private static Object number(Number number) {
        if (number instanceof Double || number instanceof Float) {
            double value = number.doubleValue();
            if (Double.isNaN(value) || Double.isInfinite(value)) {
                throw new IllegalArgumentException("NaN and infinities cannot be bound: SQLite stores NaN as NULL, and"
                        + " the remote protocol has neither");
            }
            return value;
        }
        if (number instanceof Integer || number instanceof Short || number instanceof Byte) {
            return number.longValue();
        }
        if (number instanceof BigInteger integer) {
            if (integer.bitLength() > 63) {
                throw new IllegalArgumentException("the BigInteger does not fit in SQLite's 64-bit INTEGER: bind a"
                        + " BigDecimal or a String instead, which is stored as TEXT");
            }
            return integer.longValue();
        }
        if (number instanceof BigDecimal decimal) {
            return decimal(decimal);
        }
        throw new IllegalArgumentException(
                "a value of type " + number.getClass().getName() + " cannot be bound");
    }

    private static Object decimal(BigDecimal decimal) {
        long digits = Math.max(decimal.precision(), Math.abs((long) decimal.scale()));
        if (digits > MOST_DIGITS) {
            throw new IllegalArgumentException(
                    "the BigDecimal has more than " + MOST_DIGITS + " digits: bind a String instead");
        }
        if (decimal.scale() <= 0) {
            BigInteger integer = decimal.toBigInteger();
            if (integer.bitLength() <= 63) {
                return integer.longValue();
            }
        }
        return decimal.toPlainString();
    }

    /**
     * The value that {@code get(i)} gives without a type: the value as it is stored, except that binary data comes as a
     * {@link ByteBuffer}, a column declared as one of SQL's 32-bit integers gives an {@link Integer} while the value
     * fits, and one declared BOOLEAN gives a {@link Boolean} for 0 and 1.
     */
    static Object natural(Object stored, ColumnType column) {
        if (stored instanceof Long number) {
            long value = number;
            if (column == ColumnType.INTEGER && value == (int) value) {
                return (int) value;
            }
            if (column == ColumnType.BOOLEAN && (value == 0 || value == 1)) {
                return value == 1;
            }
            return stored;
        }
        return stored instanceof byte[] bytes ? ByteBuffer.wrap(bytes) : stored;
    }

    /** SQLite's name of a stored value's type, for messages. */
    static String storageClass(Object stored) {
        return stored instanceof Long
                ? "INTEGER"
                : stored instanceof Double ? "REAL" : stored instanceof String ? "TEXT" : "BLOB";
    }

    /** Whether a text says true or false, or null if it says neither. A column of TEXT affinity makes "1" of true. */
    static @Nullable Boolean truth(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true", "1" -> true;
            case "false", "0" -> false;
            default -> null;
        };
    }
}
