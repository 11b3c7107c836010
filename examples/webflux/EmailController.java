package webflux;

import dev.pollux.LibsqlStorage;
import dev.pollux.NewTask;
import dev.pollux.TaskId;
import dev.pollux.TaskStatus;
import java.net.URI;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Emails over HTTP: each is a task of the queue. */
@RestController
@RequestMapping("/emails")
final class EmailController {

    private final LibsqlStorage<Email> storage;
    private final TaskStates states;

    EmailController(LibsqlStorage<Email> storage, TaskStates states) {
        this.storage = storage;
        this.states = states;
    }

    /** Takes an email: 202 once its task is committed, with the place to ask for it. */
    @PostMapping
    Mono<ResponseEntity<Void>> send(@RequestBody Mono<NewEmail> request) {
        return request.map(NewEmail::checked).flatMap(email -> {
            TaskId id = TaskId.next();
            URI location = URI.create("/emails/" + id);
            return storage.push(NewTask.of(email).id(id))
                    .thenReturn(ResponseEntity.accepted().location(location).build());
        });
    }

    /** An email's task as the database has it. */
    @GetMapping("/{id}")
    Mono<EmailStatus> get(@PathVariable String id) {
        return storage.fetchById(new TaskId(id))
                .map(EmailStatus::of)
                .switchIfEmpty(Mono.error(() -> TaskStates.noSuchEmail(id)));
    }

    /** An email's states as server-sent events, from the present one to the final one, after which it ends. */
    @GetMapping(path = "/{id}/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    Flux<ServerSentEvent<String>> events(@PathVariable String id) {
        return Flux.defer(() -> {
            AtomicReference<@Nullable TaskStatus> last = new AtomicReference<>();
            return states.of(new TaskId(id)).map(status -> event(status, last.getAndSet(status)));
        });
    }

    /** The state; if it is still the same, a comment, which keeps the connection alive and finds out whether it is. */
    private static ServerSentEvent<String> event(TaskStatus status, @Nullable TaskStatus last) {
        ServerSentEvent.Builder<String> event = ServerSentEvent.builder();
        return (status == last ? event.comment("still " + status.column()) : event.data(status.column())).build();
    }
}
