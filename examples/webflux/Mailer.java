package webflux;

import dev.pollux.Task;
import reactor.core.publisher.Mono;

/** Sends emails. */
interface Mailer {

    /**
     * Sends a task's email, perhaps for the second time: delivery is at least once, and the task's id tells.
     *
     * @return the receipt. An error lets the task run again later, an {@link dev.pollux.AbortError} kills it.
     */
    Mono<String> send(Task<Email> task);
}
