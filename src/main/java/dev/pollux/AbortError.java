package dev.pollux;

/** What a handler fails with to say that trying again is useless: the task goes straight to Killed. */
public final class AbortError extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Says why; the message is stored as the task's outcome. */
    public AbortError(String message) {
        super(message);
    }

    /** Says why, and what was behind it. */
    public AbortError(String message, Throwable cause) {
        super(message, cause);
    }
}
