package webflux;

import dev.pollux.LibsqlStorage;
import dev.pollux.Task;
import dev.pollux.TaskId;
import dev.pollux.TaskStatus;
import java.time.Duration;
import org.springframework.context.SmartLifecycle;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ResponseStatusException;
import reactor.core.publisher.BufferOverflowStrategy;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Tasks' states as they change, wherever the tasks run. */
@Component
final class TaskStates implements SmartLifecycle {

    /** How many states may wait for a slow client, which then misses the oldest. */
    private static final int WAITING = 16;

    private final LibsqlStorage<Email> storage;
    private final QueueEvents events;
    private final Duration every;
    private final Sinks.Many<Boolean> open = Sinks.many().replay().latestOrDefault(true);
    private volatile boolean running;

    TaskStates(LibsqlStorage<Email> storage, QueueEvents events, PolluxProperties properties) {
        this.storage = storage;
        this.events = events;
        this.every = properties.lookEvery();
    }

    /**
     * A task's state now, each that it enters, and its state again at each look in between, up to its final one. It
     * fails with a 404 if there is no such task, and completes early when the application stops.
     *
     * <p>Events of this process are there at once; the database is looked at for what other processes do. The events
     * are listened to before the first look, so nothing is lost between the two. An event that comes during a look wins,
     * for the look may have begun before it.
     */
    Flux<TaskStatus> of(TaskId id) {
        Flux<TaskStatus> looks = look(id).repeatWhen(looked -> looked.delayElements(every));
        Flux<Flux<TaskStatus>> fromEvents =
                events.of(id).map(status -> Flux.concat(Mono.just(status), looks.delaySubscription(every)));
        return Flux.merge(fromEvents, Mono.just(looks))
                .switchMap(newest -> newest)
                .takeUntil(TaskStatus::isFinal)
                .takeUntilOther(open.asFlux().filter(isOpen -> !isOpen))
                .onBackpressureBuffer(WAITING, BufferOverflowStrategy.DROP_OLDEST);
    }

    private Mono<TaskStatus> look(TaskId id) {
        return storage.fetchById(id).map(Task::status).switchIfEmpty(Mono.error(() -> noSuchEmail(id.value())));
    }

    static ResponseStatusException noSuchEmail(String id) {
        return new ResponseStatusException(HttpStatus.NOT_FOUND, "there is no email " + id);
    }

    @Override
    public void start() {
        open.tryEmitNext(true);
        running = true;
    }

    /** Ends all streams: the web server, which stops next, waits for its open requests. */
    @Override
    public void stop() {
        running = false;
        open.tryEmitNext(false);
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Stops after the worker, whose last tasks' ends clients would like to see. */
    @Override
    public int getPhase() {
        return EmailWorker.PHASE - 1;
    }
}
