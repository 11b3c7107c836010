package dev.pollux;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the user's listener, and survives what it throws. */
final class Reporter {

    private static final Logger LOG = LoggerFactory.getLogger(Reporter.class);

    private final StorageListener listener;

    Reporter(StorageListener listener) {
        this.listener = listener;
    }

    void tell(StorageEvent event) {
        try {
            listener.onEvent(event);
        } catch (Throwable e) {
            // Also an Error must not stop a worker, which would beat on for leases that nobody ends.
            log(event, e);
        }
    }

    private static void log(StorageEvent event, Throwable error) {
        try {
            LOG.warn("a storage listener failed on {}", event, error);
        } catch (Throwable e) { // An error may fail to say what it is.
            LOG.warn("a storage listener failed on {} with {}", event.getClass(), error.getClass());
        }
    }
}
