package dev.pollux;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs transitions at debug and lost work at warn. */
enum LoggingListener implements StorageListener {
    INSTANCE;

    private static final Logger LOG = LoggerFactory.getLogger("dev.pollux");

    @Override
    public void onEvent(StorageEvent event) {
        if (event instanceof StorageEvent.Fault fault) {
            LOG.warn(
                    "queue '{}': {} failed (try {}, {}): {}",
                    fault.queue(),
                    fault.step(),
                    fault.retry(),
                    fault.retryIn() == null ? "given up" : "next in " + fault.retryIn(),
                    fault.error().toString());
        } else if (event instanceof StorageEvent.LeaseLost
                || event instanceof StorageEvent.Orphaned
                || event instanceof StorageEvent.Poisoned
                || event instanceof StorageEvent.ResultNotStored) {
            LOG.warn("{}", event);
        } else {
            LOG.debug("{}", event);
        }
    }
}
