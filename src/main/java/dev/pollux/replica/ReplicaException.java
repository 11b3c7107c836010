package dev.pollux.replica;

import dev.pollux.LibsqlException;
import org.jspecify.annotations.Nullable;

/**
 * A sync that cannot go on before somebody decides something: the file was copied, or the remote database is not the one that
 * it was. The message says which, and the ways out.
 */
public final class ReplicaException extends LibsqlException {

    private static final long serialVersionUID = 1L;

    ReplicaException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
