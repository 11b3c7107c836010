package webflux;

import dev.pollux.LibsqlStorage;
import dev.pollux.TaskStatus;
import dev.pollux.Worker;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Sends the queue's emails while the application runs. */
@Component
final class EmailWorker implements SmartLifecycle {

    /** The last to start and the first to stop. */
    static final int PHASE = DEFAULT_PHASE;

    private static final Logger LOG = LoggerFactory.getLogger(EmailWorker.class);
    /** For what comes after the drain time: leases are given back, and the worker is deregistered. */
    private static final Duration GOODBYE = Duration.ofSeconds(5);

    private final LibsqlStorage<Email> storage;
    private final Mailer mailer;
    private final QueueEvents events;
    private final PolluxProperties properties;
    private volatile @Nullable Run run;

    /**
     * One run, from a start to the stop after it.
     *
     * @param stop to be emitted when it shall stop
     * @param ended completes when it has
     */
    private record Run(Disposable pipeline, Sinks.Empty<Void> stop, Mono<Void> ended) {}

    EmailWorker(LibsqlStorage<Email> storage, Mailer mailer, QueueEvents events, PolluxProperties properties) {
        this.storage = storage;
        this.mailer = mailer;
        this.events = events;
        this.properties = properties;
    }

    @Override
    public void start() {
        Sinks.Empty<Void> stop = Sinks.empty();
        Sinks.Empty<Void> ended = Sinks.empty();
        Disposable pipeline = storage.poll(Worker.named("email-worker"))
                .takeUntilOther(stop.asMono()) // ends the poll, and lets the handlers finish
                .doOnNext(task -> events.entered(task.id(), TaskStatus.QUEUED))
                .transform(storage.lock())
                .flatMap(storage.ack(mailer::send), properties.concurrency())
                .doOnNext(outcome -> LOG.info("Email {} is {}", outcome.id(), outcome.status()))
                .then(events.workerStopped())
                .doFinally(signal -> ended.tryEmitEmpty())
                .subscribe(
                        nothing -> {},
                        // Only what cannot pass comes here, such as a token that is refused.
                        error -> LOG.error("No more emails are sent until the application is started again", error));
        run = new Run(pipeline, stop, ended.asMono());
    }

    /** Takes no more tasks, and waits until those that are running have ended or are given back. */
    @Override
    public void stop(Runnable callback) {
        Run current = run;
        if (current == null) {
            callback.run();
            return;
        }
        current.stop().tryEmitEmpty();
        current.ended()
                .timeout(properties.drainTime().plus(GOODBYE), Mono.empty())
                .doFinally(signal -> {
                    current.pipeline().dispose();
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
        Run current = run;
        return current != null && !current.pipeline().isDisposed();
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
