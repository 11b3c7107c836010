package dev.pollux.r2dbc.transport;

import org.jspecify.annotations.Nullable;

/**
 * One statement with its arguments.
 *
 * @param sql a single statement whose parameters are all numbered: {@code ?1}, {@code ?2} and so on
 * @param kind what running it may do
 * @param arguments the values of {@code ?1}, {@code ?2} and so on, each null or one of {@link Long}, {@link Double},
 *     {@link String} and {@code byte[]}; not copied, so it must not change
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; work of a thousand calls is spared a thousand lists
public record Call(String sql, Kind kind, @Nullable Object[] arguments) {

    /** What running a statement may do to the database. */
    public enum Kind {
        /** It changes nothing and needs no lock of its own. */
        READ,
        /** It may change the database. */
        WRITE
    }

    /** A call of a reading statement. */
    public static Call read(String sql, @Nullable Object... arguments) {
        return new Call(sql, Kind.READ, arguments);
    }

    /** A call of a statement that may write. */
    public static Call write(String sql, @Nullable Object... arguments) {
        return new Call(sql, Kind.WRITE, arguments);
    }

    /** The statement and the number of its arguments; their values may be secret. */
    @Override
    public String toString() {
        return "Call[" + kind + ", " + sql + ", " + arguments.length + " arguments]";
    }
}
