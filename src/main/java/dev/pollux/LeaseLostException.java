package dev.pollux;

/**
 * A lock, an ack or a release came from somebody who does not hold the task's lease (any more): it was swept, was
 * acknowledged already, or belongs to another worker. Nothing was changed.
 */
public final class LeaseLostException extends LibsqlException {

    private static final long serialVersionUID = 1L;

    LeaseLostException(String message) {
        super(message, null);
    }
}
