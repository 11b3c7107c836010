package dev.pollux.r2dbc;

import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import java.lang.invoke.MethodType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Year;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * SQLite's values as Java's. A conversion either keeps the value or fails; only {@code float} may round, as REAL is
 * always a double. Messages name the column and the types, never the value.
 */
final class Decoder {

    private Decoder() {}

    /**
     * A stored value as a Java type.
     *
     * @param stored a {@link Long}, {@link Double}, {@link String} or {@code byte[]}
     * @throws IllegalArgumentException if it cannot be had without loss, or there is no such conversion
     */
    static <T> T decode(Object stored, Class<T> type, int index, LibsqlColumnMetadata column) {
        Class<T> wanted = boxed(type);
        if (wanted.isInstance(stored) && wanted != Object.class) {
            return wanted.cast(stored);
        }
        try {
            Object converted = convert(stored, wanted, column);
            if (converted != null) {
                @SuppressWarnings("unchecked") // convert gives what it is asked for
                T value = (T) converted;
                return value;
            }
        } catch (ArithmeticException | DateTimeException | IllegalArgumentException e) {
            // Not given as the cause, for its message may hold the value.
            throw new IllegalArgumentException(at(index, column) + ": its " + Values.storageClass(stored)
                    + " value cannot be read as " + type.getName() + " without loss");
        }
        throw new IllegalArgumentException(at(index, column) + ": there is no conversion from "
                + Values.storageClass(stored) + " to " + type.getName());
    }

    /** A primitive type's wrapper: mappers ask for the type of a constructor's parameter as it is. */
    @SuppressWarnings("unchecked") // int.class is a Class<Integer>
    private static <T> Class<T> boxed(Class<T> type) {
        return type.isPrimitive()
                ? (Class<T>) MethodType.methodType(type).wrap().returnType()
                : type;
    }

    private static String at(int index, LibsqlColumnMetadata column) {
        return "column " + index + " (" + column.getName() + ")";
    }

    private static @Nullable Object convert(Object stored, Class<?> type, LibsqlColumnMetadata column) {
        if (type == Object.class) {
            return Values.natural(stored, column.columnType());
        }
        if (type == String.class || type == CharSequence.class) {
            return stored instanceof byte[] ? null : stored.toString();
        }
        if (stored instanceof byte[] bytes) {
            return binary(bytes, type);
        }
        if (Number.class.isAssignableFrom(type)) {
            return number(stored, type);
        }
        if (type == Boolean.class) {
            return bool(stored);
        }
        if (stored instanceof String text) {
            return text(text, type);
        }
        // The one text of java.time's that a column of INTEGER affinity turns into a number.
        return stored instanceof Long number && type == Year.class ? Year.of(Math.toIntExact(number)) : null;
    }

    private static @Nullable Object number(Object stored, Class<?> type) {
        if (stored instanceof Long number) {
            return integer(number, type);
        }
        if (stored instanceof Double real && (type == Float.class || type == Number.class)) {
            return type == Number.class ? real : (Object) toFloat(real);
        }
        BigDecimal exact = stored instanceof Double real ? BigDecimal.valueOf(real) : new BigDecimal((String) stored);
        if (type == BigDecimal.class || type == Number.class) {
            return exact;
        }
        if (type == Double.class) {
            return finite(exact.doubleValue());
        }
        if (type == Float.class) {
            return toFloat(exact.doubleValue());
        }
        if (exact.precision() - (long) exact.scale() > 1_000) {
            throw new ArithmeticException("far too large");
        }
        return type == BigInteger.class ? exact.toBigIntegerExact() : integer(exact.longValueExact(), type);
    }

    private static @Nullable Object integer(long value, Class<?> type) {
        if (type == Integer.class) {
            return Math.toIntExact(value);
        }
        if (type == Long.class || type == Number.class) {
            return value;
        }
        if (type == Short.class) {
            return within(value, (short) value, (Object) (short) value);
        }
        if (type == Byte.class) {
            return within(value, (byte) value, (Object) (byte) value);
        }
        if (type == BigInteger.class) {
            return BigInteger.valueOf(value);
        }
        if (type == BigDecimal.class) {
            return BigDecimal.valueOf(value);
        }
        if (type == Double.class) {
            return within(value, new BigDecimal((double) value).longValueExact(), (Object) (double) value);
        }
        if (type == Float.class) {
            return within(value, new BigDecimal((float) value).longValueExact(), (Object) (float) value);
        }
        return null;
    }

    private static Object within(long value, long converted, Object result) {
        if (value != converted) {
            throw new ArithmeticException("out of range");
        }
        return result;
    }

    private static Float toFloat(double value) {
        float narrow = (float) value;
        if (Float.isInfinite(narrow) && !Double.isInfinite(value)) {
            throw new ArithmeticException("out of range");
        }
        return narrow;
    }

    private static Double finite(double value) {
        if (Double.isInfinite(value)) {
            throw new ArithmeticException("out of range");
        }
        return value;
    }

    private static @Nullable Object bool(Object stored) {
        if (stored instanceof Long number) {
            return within(number, number & 1, (Object) (number == 1));
        }
        return stored instanceof String text ? Values.truth(text) : null;
    }

    private static @Nullable Object binary(byte[] bytes, Class<?> type) {
        if (type == ByteBuffer.class) {
            return ByteBuffer.wrap(bytes);
        }
        if (type == Blob.class) {
            return Blob.from(Mono.fromSupplier(() -> ByteBuffer.wrap(bytes)));
        }
        if (type == UUID.class && bytes.length == 16) {
            ByteBuffer halves = ByteBuffer.wrap(bytes);
            return new UUID(halves.getLong(), halves.getLong());
        }
        return null;
    }

    private static @Nullable Object text(String text, Class<?> type) {
        if (type == Clob.class) {
            return Clob.from(Mono.just(text));
        }
        if (type == byte[].class || type == ByteBuffer.class || type == Blob.class) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            return type == byte[].class ? bytes : binary(bytes, type);
        }
        if (type == UUID.class) {
            return UUID.fromString(text);
        }
        if (type == Character.class) {
            return text.length() == 1 ? text.charAt(0) : null;
        }
        if (type.isEnum()) {
            return constant(text, type);
        }
        return Temporals.parse(text, type);
    }

    private static Object constant(String text, Class<?> type) {
        for (Object constant : type.getEnumConstants()) {
            if (((Enum<?>) constant).name().equals(text)) {
                return constant;
            }
        }
        throw new IllegalArgumentException(
                "no constant of " + type.getName().toLowerCase(Locale.ROOT) + " has this name");
    }
}
