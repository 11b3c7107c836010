package dev.pollux;

/**
 * Who takes tasks: a name. Each subscription of {@link LibsqlStorage#poll} is a worker of its own, registered as the
 * name and a fresh ULID, so that a restarted worker never keeps the leases of its dead predecessor alive.
 *
 * @param name what people call the worker, for example {@code email-worker}; at most 200 characters
 */
public record Worker(String name) {

    private static final int MAX_NAME = 200;

    public Worker {
        if (name.isBlank() || name.length() > MAX_NAME) {
            throw new IllegalArgumentException(
                    "a worker's name has 1 to " + MAX_NAME + " characters, not " + name.length());
        }
    }

    /** A worker of that name. */
    public static Worker named(String name) {
        return new Worker(name);
    }

    /** The id of a new incarnation of this worker: what {@code Workers.id} and {@code Jobs.lock_by} hold. */
    String incarnate() {
        return name + "-" + TaskId.next();
    }
}
