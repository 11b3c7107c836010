package dev.pollux;

/**
 * The one hook for logs, metrics and tests. It is called on the queue's threads, many at once, and must neither block
 * nor throw; what it throws is logged and dropped.
 */
@FunctionalInterface
public interface StorageListener {

    /** Something happened. */
    void onEvent(StorageEvent event);

    /** Writes lost work and faults at warn and everything else at debug, through SLF4J, under {@code dev.pollux}. */
    static StorageListener logging() {
        return LoggingListener.INSTANCE;
    }

    /** Tells this one and then {@code next}, also if this one throws. */
    default StorageListener and(StorageListener next) {
        return event -> {
            try {
                onEvent(event);
            } catch (Throwable e) {
                try {
                    next.onEvent(event);
                } catch (Throwable also) {
                    if (also != e) {
                        e.addSuppressed(also);
                    }
                }
                throw e;
            }
            next.onEvent(event);
        };
    }
}
