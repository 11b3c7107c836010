package webflux;

import dev.pollux.LibsqlStorage;
import dev.pollux.TaskStatus;
import dev.pollux.Worker;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Sends the queue's emails while the application runs. */
@Component
final class EmailWorker implements SmartLifecycle {

    /** The last to start and the first to stop. */
    static final int PHASE = DEFAULT_PHASE;

    private static final Logger LOG = LoggerFactory.getLogger(EmailWorker.class);
    /** For what comes after the handlers: leases are given back, and the worker is deregistered. */
    private static final Duration GOODBYE = Duration.ofSeconds(5);

    private final LibsqlStorage<Email> storage;
    private final Mailer mailer;
    private final QueueEvents events;
    private final PolluxProperties properties;
    /** Ends the poll. */
    private volatile Sinks.Empty<Void> end = Sinks.empty();
    /** Tells that the last handler has ended too. */
    private volatile Sinks.Empty<Void> ended = Sinks.empty();

    private volatile Disposable pipeline = Disposables.disposed();

    EmailWorker(LibsqlStorage<Email> storage, Mailer mailer, QueueEvents events, PolluxProperties properties) {
        this.storage = storage;
        this.mailer = mailer;
        this.events = events;
        this.properties = properties;
    }

    @Override
    public void start() {
        Sinks.Empty<Void> thisEnded = Sinks.empty();
        end = Sinks.empty();
        ended = thisEnded;
        pipeline = storage.poll(Worker.named("email-worker"))
                .doOnNext(task -> events.entered(task.id(), TaskStatus.QUEUED))
                .transform(storage.lock())
                .takeUntilOther(end.asMono())
                .flatMap(storage.ack(mailer::send), properties.concurrency())
                .doFinally(signal -> thisEnded.tryEmitEmpty())
                .subscribe(
                        outcome -> LOG.info("Email {} is {}", outcome.id(), outcome.status()),
                        // Only what cannot pass comes here, such as a token that is refused.
                        error -> LOG.error("No more emails are sent until the application is started again", error));
    }

    /** Takes no more tasks, and lets handlers finish; one that takes too long is cancelled, and its task given back. */
    @Override
    public void stop(Runnable callback) {
        end.tryEmitEmpty();
        ended.asMono()
                .timeout(properties.drainTime(), Mono.empty())
                .doOnTerminate(() -> pipeline.dispose())
                .then(events.workerStopped().timeout(GOODBYE, Mono.empty()))
                .doFinally(signal -> {
                    LOG.info("The worker has stopped");
                    callback.run();
                })
                .subscribe();
    }

    /** What Spring does not call, as it calls the other one. */
    @Override
    public void stop() {
        stop(() -> {});
    }

    @Override
    public boolean isRunning() {
        return !pipeline.isDisposed();
    }

    @Override
    public boolean isAutoStartup() {
        return properties.worker();
    }

    @Override
    public int getPhase() {
        return PHASE;
    }
}
