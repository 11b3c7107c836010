package quickstart;

import dev.pollux.AbortError;
import dev.pollux.Task;
import java.time.Duration;
import reactor.core.publisher.Mono;

/** Stands for a mail server: takes a few milliseconds, and answers by the recipient's domain. */
final class MailServer {

    /** Emits the server's receipt. It fails as real servers do, and the queue decides what that means. */
    Mono<String> send(Task<Email> task) {
        String to = task.args().to();
        String domain = to.substring(to.indexOf('@') + 1);
        Duration latency = Duration.ofMillis(5 + Math.floorMod(to.hashCode(), 20));
        return Mono.delay(latency).flatMap(answered -> switch (domain) {
            // Some servers turn the first try of a stranger away. A plain error: the task runs again later.
            case "greylist.example.org" ->
                task.attempt() == 1
                        ? Mono.error(new IllegalStateException("451 greylisted, try again"))
                        : Mono.just("250 accepted, at last");
            // This one fails every time, until the task is out of tries.
            case "full.example.com" -> Mono.error(new IllegalStateException("452 mailbox full"));
            // Trying again is useless, and the handler knows it.
            case "gone.example.net" -> Mono.error(new AbortError("550 no such mailbox"));
            default -> Mono.just("250 accepted");
        });
    }
}
