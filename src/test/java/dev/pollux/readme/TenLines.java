package dev.pollux.readme;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.Worker;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import reactor.core.publisher.Mono;

/** README.md's first example, as a program. */
final class TenLines {

    private TenLines() {}

    // snippet: ten lines
    record Email(String to, String text) {}

    // end
    private static Mono<String> send(Email email) {
        return Mono.just("250 accepted for " + email.to());
    }

    public static void main(String[] args) {
        // snippet: ten lines
        ConnectionFactory database = ConnectionFactories.get("r2dbc:libsql:file://./emails.db");
        LibsqlStorage<Email> storage = LibsqlStorage.create(database, Email.class, Config.of("email"));
        storage.setup()
                .then(storage.push(new Email("user@example.com", "Hello!")))
                .block();

        storage.poll(Worker.named("email-worker")) // leases due tasks, for ever
                .transform(storage.lock()) // takes each to Running
                .flatMap(storage.ack(task -> send(task.args())), 64) // runs it and stores how it ended
                .doOnNext(System.out::println) // Outcome[id=01..., status=DONE, attempts=0]
                .blockFirst(); // a service subscribes instead, and goes on
        // end
    }
}
