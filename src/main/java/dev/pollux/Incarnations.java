package dev.pollux;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The workers of one storage that are alive in this JVM, by id. */
final class Incarnations {

    private final Map<String, Incarnation> byId = new ConcurrentHashMap<>();

    void add(Incarnation incarnation) {
        byId.put(incarnation.id(), incarnation);
    }

    void remove(String id) {
        byId.remove(id);
    }

    /** Whether the lease's worker lives here and has not ended the lease. */
    boolean hold(Lease lease) {
        Incarnation incarnation = byId.get(lease.worker());
        return incarnation != null && incarnation.holds(lease);
    }

    /** Notes that the database has just said that the lease is its worker's. */
    void seen(Lease lease) {
        Incarnation incarnation = byId.get(lease.worker());
        if (incarnation != null) {
            incarnation.seen(lease);
        }
    }

    /**
     * Whether a handler may begin on the word that the database gave about the lease: the word is younger than that, or the worker
     * is not one of ours, and others must know.
     */
    boolean mayBegin(Lease lease, Duration within) {
        Incarnation incarnation = byId.get(lease.worker());
        return incarnation == null || incarnation.hasSeen(lease, within);
    }

    /** Ends the poll that the lease is from, if it lives here, with an error. */
    void fail(Lease lease, Throwable error) {
        Incarnation incarnation = byId.get(lease.worker());
        if (incarnation != null) {
            incarnation.fail(error);
        }
    }

    /** Tells the lease's worker, if it lives here, that the lease is over or that nobody here will end it. */
    void forget(Lease lease) {
        Incarnation incarnation = byId.get(lease.worker());
        if (incarnation != null) {
            incarnation.forget(lease);
        }
    }
}
