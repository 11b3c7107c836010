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
        } catch (RuntimeException e) {
            LOG.warn("a storage listener failed on {}", event, e);
        }
    }
}
