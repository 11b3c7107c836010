package webflux;

import dev.pollux.AbortError;
import dev.pollux.Task;
import java.time.Duration;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** Stands for a mail server: takes a second, and answers by the recipient's domain. */
@Component
final class PretendedMailServer implements Mailer {

    private static final Duration LATENCY = Duration.ofSeconds(1);

    @Override
    public Mono<String> send(Task<Email> task) {
        String to = task.args().to();
        return Mono.delay(LATENCY).flatMap(answered -> switch (to.substring(to.indexOf('@') + 1)) {
            case "greylist.example.org" ->
                task.attempt() == 1
                        ? Mono.error(new IllegalStateException("451 greylisted, try again"))
                        : Mono.just("250 accepted, at last");
            case "gone.example.net" -> Mono.error(new AbortError("550 no such mailbox"));
            default -> Mono.just("250 accepted");
        });
    }
}
