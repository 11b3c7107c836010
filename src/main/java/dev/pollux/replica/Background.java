package dev.pollux.replica;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTransientException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Syncs for ever: after an interval, or soon if something was changed here or if there may be more in the pool; while the remote is
 * away, after growing waits.
 */
final class Background {

    /** While there is work on the file, a sync takes a seventh of the time that it could: the work comes first. */
    static final double REST = 6;

    private static final Logger LOG = LoggerFactory.getLogger(Background.class);

    /** How many tasks a line of the log names. */
    private static final int NAMED = 10;

    /** How often it looks whether something was changed: one read of the local file. */
    private static final Duration LOOK = Duration.ofMillis(100);

    private static final Duration FIRST_WAIT = Duration.ofMillis(500);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);

    private final Duration interval;
    private final Supplier<Mono<SyncReport>> sync;
    private final Mono<Long> lastChange;
    private final Disposable.Swap running = Disposables.swap();
    private final Sinks.Many<Long> isBack = Sinks.many().multicast().directBestEffort();
    private int failures;
    private boolean thereMayBeMore;
    /** The kind of the last failure since a sync that succeeded. */
    private @Nullable Class<?> said;

    /**
     * @param sync does it once
     * @param lastChange the number of the last change that is not sent, or 0
     */
    Background(ReplicaConfig config, Supplier<Mono<SyncReport>> sync, Mono<Long> lastChange) {
        this.interval = config.syncInterval();
        this.sync = sync;
        this.lastChange = lastChange;
    }

    /** Begins. */
    void start() {
        running.update(Mono.defer(sync)
                .doOnNext(this::succeeded)
                .then()
                .onErrorResume(error -> {
                    failed(error);
                    return Mono.empty();
                })
                .then(Mono.defer(this::pause))
                .repeat()
                .subscribe());
    }

    private void succeeded(SyncReport report) {
        if (failures > 0) {
            LOG.info("the replica is in sync with its remote again");
        }
        failures = 0;
        said = null;
        thereMayBeMore = report.taken() > 0;
        if (!report.refused().isEmpty()) {
            LOG.warn(
                    "the remote did not take the outcomes of {} tasks, which others had by then; the table PolluxRefused keeps them: {}",
                    report.refused().size(),
                    report.refused().stream().limit(NAMED).toList());
        }
        if (!report.tooLarge().isEmpty()) {
            LOG.warn(
                    "{} tasks are too large for the remote database, and stay in the local file: {}",
                    report.tooLarge().size(),
                    report.tooLarge().stream().limit(NAMED).toList());
        }
    }

    /** Says it at the first of several of a kind, for to be offline is nothing to make many words of. */
    private void failed(Throwable error) {
        failures++;
        boolean saidAlready = error.getClass().equals(said);
        said = error.getClass();
        if (saidAlready) {
            LOG.debug("sync failed for the {}. time", failures, error);
        } else if (isOffline(error)) {
            LOG.info("the replica works offline, and tries again: {}", error.getMessage());
        } else {
            LOG.warn("the replica cannot sync, and tries again: {}", error.getMessage());
        }
    }

    /** Whether nobody can be asked for now: by the SQLSTATEs of connections that fail, or by the SPI's word for what passes. */
    private static boolean isOffline(Throwable error) {
        return error instanceof R2dbcTransientException
                || (error instanceof R2dbcException failed
                        && String.valueOf(failed.getSqlState()).startsWith("08"));
    }

    /** A sync of somebody else has found the remote: nothing is to be waited for any more. */
    void remoteIsBack() {
        isBack.tryEmitNext(0L);
    }

    private Mono<Void> pause() {
        if (failures > 0) {
            return Mono.firstWithSignal(
                            Mono.delay(backoff(failures)), isBack.asFlux().next())
                    .then();
        }
        if (thereMayBeMore) {
            return Mono.delay(LOOK).then();
        }
        Flux<Long> changes =
                Flux.interval(LOOK, LOOK).onBackpressureDrop().concatMap(tick -> lastChange.onErrorReturn(0L), 1);
        return Mono.firstWithSignal(
                        Mono.delay(interval), changes.filter(last -> last > 0).next())
                .then();
    }

    private static Duration backoff(int failures) {
        double most = Math.min(
                FIRST_WAIT.toMillis() * (double) (1L << Math.min(failures, 20)), (double) LONGEST_WAIT.toMillis());
        return Duration.ofMillis(
                (long) (most * (0.5 + ThreadLocalRandom.current().nextDouble() / 2)));
    }

    /** Ends. */
    Mono<Void> stop() {
        return Mono.fromRunnable(running::dispose);
    }
}
