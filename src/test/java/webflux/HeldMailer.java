package webflux;

import dev.pollux.Task;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Holds emails to {@link #HELD} until it is told to go on, and lets the pretended mail server send all others. */
final class HeldMailer implements Mailer {

    static final String HELD = "held@example.com";

    private final Mailer others = new PretendedMailServer();
    private final Sinks.Empty<Void> goOn = Sinks.empty();

    @Override
    public Mono<String> send(Task<Email> task) {
        return task.args().to().equals(HELD) ? goOn.asMono().thenReturn("250 held and accepted") : others.send(task);
    }

    void goOn() {
        goOn.tryEmitEmpty();
    }
}
