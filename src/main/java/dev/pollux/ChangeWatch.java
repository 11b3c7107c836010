package dev.pollux;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * While a storage has polls, tells when the database's file changes, if this machine has it: another process may have
 * pushed. It is a hint that saves waiting for the poll interval, so where it can't be had, nothing is missing.
 */
final class ChangeWatch {

    private static final Logger LOG = LoggerFactory.getLogger(ChangeWatch.class);

    private final Mono<String> file;
    private final Runnable changed;
    private int polls;
    private @Nullable Disposable watching;

    /**
     * @param file the database's path, on subscription
     * @param changed told of each change, on the watch's thread
     */
    ChangeWatch(Mono<String> file, Runnable changed) {
        this.file = file;
        this.changed = changed;
    }

    /** A poll begins. */
    synchronized void join() {
        if (polls++ == 0) {
            Disposable.Composite parts = Disposables.composite();
            parts.add(file.publishOn(Schedulers.boundedElastic())
                    .subscribe(
                            path -> start(path, parts), error -> LOG.debug("not watching the database's file", error)));
            watching = parts;
        }
    }

    private void start(String path, Disposable.Composite parts) {
        if (!path.isEmpty() && Files.isRegularFile(Path.of(path))) {
            parts.add(FileWatch.watch(Path.of(path), changed));
        }
    }

    /** A poll has ended. */
    synchronized void leave() {
        if (--polls == 0 && watching != null) {
            // Ending a watch waits for the watch's own thread.
            Schedulers.boundedElastic().schedule(watching::dispose);
            watching = null;
        }
    }
}
