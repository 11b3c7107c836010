package dev.pollux.r2dbc;

import org.jspecify.annotations.Nullable;

/** Checks of arguments as the R2DBC SPI words them: a null is an IllegalArgumentException. */
final class Require {

    private Require() {}

    static <T> T nonNull(@Nullable T value, String name) {
        if (value == null) {
            throw new IllegalArgumentException(name + " must not be null");
        }
        return value;
    }
}
