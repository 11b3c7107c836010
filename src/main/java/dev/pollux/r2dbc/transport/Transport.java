package dev.pollux.r2dbc.transport;

import reactor.core.publisher.Mono;

/** A database that sessions can be opened on: a file, a memory database, or a remote server. */
public interface Transport {

    /**
     * Opens a session.
     *
     * @return on subscription, one open session, emitted on a thread of {@link FreeThreads}; errors are
     *     {@link io.r2dbc.spi.R2dbcException}s that name {@link #describe()}; cancelling frees what was opened so far
     */
    Mono<Session> open();

    /**
     * Frees what the transport holds beyond its sessions (threads, HTTP connections, the anchor of a memory database).
     * Sessions that are still open are not closed. Idempotent; never fails.
     */
    Mono<Void> close();

    /** The database as messages name it, for example {@code libsql://db.example.com}: never a token or a password. */
    String describe();
}
