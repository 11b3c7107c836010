package dev.pollux;

import java.util.ArrayList;
import java.util.List;

/**
 * Who takes tasks: a name. Each subscription of {@link LibsqlStorage#poll} is a worker of its own, registered as the
 * name and a fresh ULID, so that a restarted worker never keeps the leases of its dead predecessor alive.
 *
 * @param name what people call the worker, for example {@code email-worker}; at most 200 characters,
 *     with neither a NUL nor half of a surrogate pair
 */
public record Worker(String name) {

    private static final int MAX_NAME = 200;

    public Worker {
        List<String> problems = new ArrayList<>();
        Names.check("a worker", name, MAX_NAME, problems);
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", problems));
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
