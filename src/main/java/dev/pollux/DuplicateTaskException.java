package dev.pollux;

/** A task was pushed under an id that another task, with another payload or in another queue, already has. */
public final class DuplicateTaskException extends LibsqlException {

    private static final long serialVersionUID = 1L;

    DuplicateTaskException(String message) {
        super(message, null);
    }
}
