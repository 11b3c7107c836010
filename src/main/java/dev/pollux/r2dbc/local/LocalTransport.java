package dev.pollux.r2dbc.local;

import dev.pollux.r2dbc.transport.Faults;
import dev.pollux.r2dbc.transport.FreeThreads;
import dev.pollux.r2dbc.transport.Gate;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.Transport;
import java.io.IOException;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteErrorCode;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.scheduler.Schedulers;

/**
 * A database file, or a memory database of this JVM, through sqlite-jdbc. Each session has a connection of its
 * own.
 *
 * <p>Sessions that write to one file, by whichever transport of this JVM, wait for each other on an asynchronous gate
 * and never meet SQLite's lock; readers wait for nobody. Without a WAL, as in a memory database, a reader and a writer
 * exclude each other, so there all work goes through the gate, and results are read whole.
 *
 * <p>A file that is deleted or replaced while it is open is noticed: see {@link DatabaseFile}. A transport that has had
 * its file open creates it no more, lest a database that was lost come back empty and unnoticed.
 */
public final class LocalTransport implements Transport {

    private final LocalOptions options;
    private final MemoryAnchors.@Nullable Hold memory;
    private volatile boolean closed;
    private volatile boolean seen;

    /** A transport that has not touched its database. A memory database lives until the last transport is closed. */
    public LocalTransport(LocalOptions options) {
        this.options = options;
        this.memory = options.memoryName() == null ? null : MemoryAnchors.hold(options.memoryName(), this);
    }

    /**
     * {@inheritDoc}
     *
     * <p>Fails with {@link IllegalStateException} if sqlite-jdbc is not on the class path.
     */
    @Override
    public Mono<Session> open() {
        return Mono.defer(() -> {
            Handover<Session> handover =
                    new Handover<>(session -> session.close().subscribe());
            return handover.watch(
                    Mono.<Session>create(sink -> open(sink, handover)).publishOn(FreeThreads.scheduler()));
        });
    }

    private void open(MonoSink<Session> sink, Handover<Session> handover) {
        requireSqlite();
        if (closed) {
            sink.error(Faults.factoryClosed(describe()));
            return;
        }
        SessionThreads threads = new SessionThreads();
        Stoppable work = new Stoppable(() -> {}); // nothing that opening does is long, but it may wait for locks
        sink.onCancel(() -> work.stop(Stoppable.Reason.CANCELLED));
        threads.execute(() -> {
            try {
                LocalSession session = connect(threads, work);
                handover.offer(session);
                sink.success(session);
            } catch (Throwable e) {
                threads.finish(() -> {});
                sink.error(e);
            }
        });
    }

    private LocalSession connect(SessionThreads threads, Stoppable work) {
        SqliteErrors errors = new SqliteErrors(describe());
        try {
            if (memory != null) {
                memory.open();
            }
        } catch (SQLException e) {
            throw errors.reported(e, null);
        }
        String name = memory == null ? "" : memory.name();
        DatabaseFile file = DatabaseFile.of(options, seen, errors);
        Opening.Opened opened = new Opening(options, name, errors, work).open();
        seen = true;
        try {
            return new LocalSession(threads, opened, file, gate(name), options, errors);
        } catch (IOException e) {
            file.close(opened.handle());
            throw errors.found(SQLiteErrorCode.SQLITE_CANTOPEN, "the file is gone: " + e.getMessage(), null);
        }
    }

    private Gate gate(String name) throws IOException {
        return options.file() == null ? WriteGates.ofMemory(name) : WriteGates.ofFile(options.file());
    }

    private static void requireSqlite() {
        try {
            Class.forName("org.sqlite.JDBC", false, LocalTransport.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(
                    "a file or memory database needs sqlite-jdbc: add org.xerial:sqlite-jdbc to the class path", e);
        }
    }

    @Override
    public Mono<Void> close() {
        return Mono.<Void>fromRunnable(() -> {
                    closed = true;
                    if (memory != null) {
                        memory.release();
                    }
                })
                .subscribeOn(Schedulers.boundedElastic()) // closing the anchor calls SQLite
                .publishOn(FreeThreads.scheduler());
    }

    @Override
    public String describe() {
        return options.file() == null
                ? "memory database '" + options.memoryName() + "'"
                : String.valueOf(options.file().toAbsolutePath());
    }
}
