package dev.pollux;

import org.jspecify.annotations.Nullable;

/** The database's tables are not those this version works with: missing ({@code setup()} was not called) or newer. */
public final class SchemaException extends LibsqlException {

    private static final long serialVersionUID = 1L;

    SchemaException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
