package dev.pollux.faults;

import dev.pollux.LibsqlStorage;
import dev.pollux.Task;
import java.util.random.RandomGenerator;
import reactor.core.publisher.Flux;

/** Where a pipeline takes its tasks to Running. */
enum Locking {
    NOWHERE,
    /** Right behind the poll. */
    IN_THE_FETCH,
    /** Behind another operator, by a statement of its own. */
    BY_ITSELF;

    static Locking any(RandomGenerator random) {
        return values()[random.nextInt(values().length)];
    }

    /** In the fetch or by itself. */
    static Locking some(RandomGenerator random) {
        return random.nextBoolean() ? IN_THE_FETCH : BY_ITSELF;
    }

    <T> Flux<Task<T>> behind(Flux<Task<T>> poll, LibsqlStorage<T> storage) {
        return switch (this) {
            case NOWHERE -> poll;
            case IN_THE_FETCH -> poll.transform(storage.lock());
            case BY_ITSELF -> poll.hide().transform(storage.lock());
        };
    }
}
