package webflux;

import com.fasterxml.jackson.annotation.JsonRawValue;
import dev.pollux.Task;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a client is told about an email.
 *
 * @param status the task's status, for example {@code Done}
 * @param attempts how many tries to send it have failed
 * @param due when it is tried, or was last tried
 * @param outcome how the last try ended: {@code {"Ok":"250 accepted"}} or {@code {"Err":"..."}}; null before
 */
record EmailStatus(
        String id,
        String to,
        String subject,
        String status,
        int attempts,
        Instant due,
        @JsonRawValue @Nullable String outcome) {

    static EmailStatus of(Task<Email> task) {
        return new EmailStatus(
                task.id().value(),
                task.args().to(),
                task.args().subject(),
                task.status().column(),
                task.attempts(),
                task.context().runAt(),
                task.context().lastError());
    }
}
