package dev.pollux;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Exceptions;

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
        } catch (Throwable e) { // Also an AssertionError of a test's listener must not stop the lane.
            Exceptions.throwIfJvmFatal(e);
            LOG.warn("a storage listener failed on {}", event, e);
        }
    }
}
