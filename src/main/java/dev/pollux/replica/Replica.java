package dev.pollux.replica;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.TaskCodec;
import dev.pollux.TaskId;
import dev.pollux.r2dbc.LibsqlConnectionFactory;
import dev.pollux.replica.LocalFile.Counts;
import dev.pollux.replica.RemoteDatabase.Dialect;
import io.r2dbc.spi.Closeable;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.Wrapped;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * A local file with a queue that works offline and syncs its tasks with a remote libSQL database.
 *
 * <pre>{@code
 * Replica replica = Replica.of(ConnectionFactories.get("r2dbc:libsql:file://./edge.db?syncUrl=libsql://shop-acme.turso.io"));
 * LibsqlStorage<Email> storage = LibsqlStorage.create(replica, Email.class, Config.of("email"));
 * }</pre>
 *
 * <p>It is the {@link ConnectionFactory} of the local file: every push, poll, lock and ack on it is a local write. A runnable task
 * has one holder. One that was created here and is not synced yet is ours, online or offline. On sync it goes to the remote: held
 * for us if a worker of this file polls its queue, otherwise in the pool, for whoever comes. A replica whose workers poll a queue
 * takes tasks of it from the pool. What the remote holds for a replica that is silent for {@link
 * ReplicaConfig#reenqueueOrphanedAfter()} goes back to the pool; before that moment the replica stops starting it.
 *
 * <p>One process at a time syncs a file; others may work on it all the same. The file {@code <file>-replica} beside it is that
 * process' lock.
 */
public final class Replica implements ConnectionFactory, Closeable {

    private final ConnectionFactory local;
    private final ConnectionFactory remote;
    private final ReplicaConfig config;
    private final Mono<Void> closeBoth;
    private final HoldClock holds;
    private final Mono<Replica> opened;
    private final OneAtATime turns = new OneAtATime();
    private final AtomicInteger urgent = new AtomicInteger();
    /** What the remote knows, once it is set up. */
    private final AtomicReference<@Nullable Dialect> dialect = new AtomicReference<>();

    private final AtomicBoolean closed = new AtomicBoolean();
    private final Sinks.Many<ReplicaStatus> statuses = Sinks.many().replay().latest();
    private final Background background;
    private volatile @Nullable FileClaim claim;
    private volatile @Nullable Instant offlineSince;
    // As of the last sync that ended, and as far as one has come that goes on.
    private volatile long unsent;
    private final AtomicLong held = new AtomicLong();

    private Replica(ConnectionFactory local, ConnectionFactory remote, ReplicaConfig config, Mono<Void> closeBoth) {
        Sql.load();
        this.local = local;
        this.remote = remote;
        this.config = config;
        this.closeBoth = closeBoth;
        this.holds = new HoldClock(config.holdTime(), () -> onFile(LocalFile::freeze));
        this.background = new Background(config, this::syncInBackground, onFile(LocalFile::lastChange));
        // An error is not kept: the next connection tries again.
        this.opened = Mono.defer(this::open).cacheInvalidateIf(replica -> false);
    }

    /**
     * A replica over two databases. Opens nothing.
     *
     * @param local the factory of a file that is this replica's alone, by the driver {@code r2dbc:libsql}; it is not closed with
     *     the replica
     * @param remote the database that it syncs with, by the same driver; it is not closed with the replica
     */
    public static Replica over(ConnectionFactory local, ConnectionFactory remote, ReplicaConfig config) {
        return new Replica(local, remote, config, Mono.empty());
    }

    /** A replica over two databases that are closed with it. */
    static Replica owning(LibsqlConnectionFactory local, LibsqlConnectionFactory remote, ReplicaConfig config) {
        return new Replica(local, remote, config, remote.close().then(local.close()));
    }

    /**
     * The replica in what {@code ConnectionFactories.get} gave for a URL with a {@code syncUrl}, also within a pool or a proxy.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Replica of(ConnectionFactory factory) {
        ConnectionFactory within = factory;
        while (!(within instanceof Replica replica)) {
            if (!(within instanceof Wrapped<?> wrapper && wrapper.unwrap() instanceof ConnectionFactory wrapped)) {
                throw new IllegalArgumentException("no replica: its URL has no syncUrl");
            }
            within = wrapped;
        }
        return replica;
    }

    /**
     * Opens a connection to the local file; the first one makes the file a replica, with the queue's tables if need be, and begins
     * to sync in the background.
     */
    @Override
    public Mono<Connection> create() {
        return opened.then(Mono.<Connection>from(local.create()));
    }

    @Override
    public ConnectionFactoryMetadata getMetadata() {
        return local.getMetadata();
    }

    /**
     * Syncs now: sends what was changed here before it was called, and hears what happened elsewhere. Only one sync runs at a time.
     *
     * @return what was done. Fails with an R2DBC exception if the remote cannot be reached, having done what could be done, and with
     *     {@link ReplicaException} where somebody must decide something
     */
    public Mono<SyncReport> sync() {
        return Mono.defer(() -> {
            urgent.incrementAndGet();
            return sync(() -> 0)
                    .doOnSuccess(report -> background.remoteIsBack())
                    .doFinally(signal -> urgent.decrementAndGet());
        });
    }

    /** Leaves room for the work on the file, unless somebody waits for a sync. */
    private Mono<SyncReport> syncInBackground() {
        return sync(() -> urgent.get() > 0 ? 0 : Background.REST);
    }

    private Mono<SyncReport> sync(DoubleSupplier rest) {
        return turns.next(Mono.defer(() -> opened.then(claimed())
                .then(Mono.defer(() -> syncOnce(rest)))
                // The remote may have been made anew since it was set up.
                .onErrorResume(
                        R2dbcBadGrammarException.class,
                        error -> dialect.getAndSet(null) != null ? syncOnce(rest) : Mono.error(error))
                .flatMap(report -> told(null).thenReturn(report))
                .onErrorResume(error -> told(error).then(Mono.error(error)))));
    }

    /**
     * Makes a file that was copied, or that is a backup, a replica of its own. Of the tasks that it knows from the remote, the next
     * sync brings what became of them; outcomes that were not sent are refused and kept. Tasks that were never synced stay its own.
     *
     * @return completes when the file has a new id
     */
    public Mono<Void> rejoinAfterCopy() {
        return rejoin(TaskId.next().value());
    }

    /**
     * Begins anew with a remote that was made anew or restored. What the remote lacks of the unfinished tasks of this file, the next
     * sync brings there; what it has counts. Another replica that has not been refused by that remote yet may still start a task that
     * this one brings: stop them all before, or let each try to sync.
     *
     * @return completes when the file is ready for that
     */
    public Mono<Void> rejoinAfterReset() {
        return rejoin(null);
    }

    private Mono<Void> rejoin(@Nullable String newId) {
        return turns.next(opened.then(claimed()).then(Mono.defer(() -> onFile(file -> file.rejoin(newId)))));
    }

    /**
     * How the replica stands.
     *
     * @return the last status, if there was a sync, and then one after each sync, and after each page of one that sends, hears or
     *     gives back much; it ends when the replica is closed
     */
    public Flux<ReplicaStatus> status() {
        return statuses.asFlux();
    }

    /**
     * Stops syncing. Connections that are open stay so.
     *
     * @return completes when that is done; idempotent
     */
    @Override
    public Mono<Void> close() {
        return Mono.defer(() -> {
            if (!closed.compareAndSet(false, true)) {
                return Mono.empty();
            }
            holds.stop();
            return background
                    .stop()
                    .then(turns.next(blocking(() -> {
                        FileClaim mine = claim;
                        if (mine != null) {
                            mine.close();
                        }
                        return true;
                    })))
                    .then(closeBoth)
                    .then(Mono.fromRunnable(() -> statuses.tryEmitComplete()));
        });
    }

    /** The two databases. */
    @Override
    public String toString() {
        return "Replica[" + local + ", " + remote + "]";
    }

    private Mono<Replica> open() {
        return LibsqlStorage.create(local, TaskCodec.bytes(), Config.of("pollux-replica"))
                .setup()
                .then(onFile(file -> file.setup(TaskId.next().value()).then(file.path())))
                .flatMap(path -> {
                    // Another try to open it has the same claim.
                    FileClaim mine = claim == null ? new FileClaim(path) : claim;
                    claim = mine;
                    return blocking(mine::hold);
                })
                // Nobody knows when this file synced last, unless another process syncs it.
                .flatMap(first -> first ? holds.freeze() : Mono.empty())
                .then(Mono.fromSupplier(() -> {
                    if (config.background() && !closed.get()) {
                        background.start();
                    }
                    return this;
                }));
    }

    /** Has the right to sync the file; who gets it from another does not know when that one synced last. */
    private Mono<Void> claimed() {
        return Mono.defer(() -> {
                    FileClaim mine = claim;
                    if (closed.get() || mine == null) {
                        return Mono.just(false);
                    }
                    if (mine.isHeld()) {
                        return Mono.just(true);
                    }
                    return blocking(mine::hold)
                            .flatMap(now -> now ? holds.freeze().thenReturn(true) : Mono.just(false));
                })
                .flatMap(held -> held
                        ? Mono.empty()
                        : Mono.error(new ReplicaException(
                                closed.get()
                                        ? "the replica is closed"
                                        : "another process or replica syncs this file already; it may be worked on here all the same,"
                                                + " by a URL without syncUrl",
                                null)));
    }

    private interface Blocking {
        boolean run() throws IOException;
    }

    private static Mono<Boolean> blocking(Blocking work) {
        return Mono.fromCallable(work::run)
                .onErrorMap(IOException.class, UncheckedIOException::new)
                .subscribeOn(Schedulers.boundedElastic());
    }

    private Mono<SyncReport> syncOnce(DoubleSupplier rest) {
        return Mono.usingWhen(
                        local.create(),
                        here -> Mono.usingWhen(remote.create(), there -> talk(here, there, rest), Connection::close),
                        Connection::close)
                // Another file with our id may have been let in: then nobody knows what we hold.
                .onErrorResume(
                        ReplicaException.class,
                        error -> holds.freeze().onErrorComplete().then(Mono.error(error)));
    }

    private Mono<SyncReport> talk(Connection here, Connection there, DoubleSupplier rest) {
        LocalFile file = new LocalFile(here, config);
        return setUpRemote(there)
                .flatMap(known -> Sync.begin(file, there)
                        .flatMap(me -> new Sync(
                                        file, new RemoteDatabase(there, known, config, me), me, holds, rest, new Told())
                                .run()));
    }

    private Mono<Dialect> setUpRemote(Connection there) {
        return Mono.justOrEmpty(dialect.get())
                .switchIfEmpty(
                        Mono.defer(() -> LibsqlStorage.create(remote, TaskCodec.bytes(), Config.of("pollux-replica"))
                                .setup()
                                .then(RemoteDatabase.setup(there))
                                .doOnNext(dialect::set)));
    }

    /** Tells how far a sync that goes on has come. */
    private final class Told implements Sync.Progress {
        @Override
        public void unsent(long left) {
            unsent = left;
            tell();
        }

        @Override
        public void held(long more) {
            held.addAndGet(more);
            tell();
        }

        private void tell() {
            statuses.tryEmitNext(new ReplicaStatus(true, null, unsent, held.get(), null));
        }
    }

    /** Tells how the replica stands after a sync. */
    private Mono<Void> told(@Nullable Throwable problem) {
        if (problem == null) {
            offlineSince = null;
        } else if (offlineSince == null) {
            offlineSince = Instant.now();
        }
        return onFile(LocalFile::counts)
                .onErrorReturn(new Counts(0, 0))
                .doOnNext(counts -> {
                    unsent = counts.unsent();
                    held.set(counts.held());
                    statuses.tryEmitNext(
                            new ReplicaStatus(problem == null, offlineSince, counts.unsent(), counts.held(), problem));
                })
                .then();
    }

    private <V> Mono<V> onFile(Function<LocalFile, Mono<V>> work) {
        return Mono.usingWhen(
                local.create(), connection -> work.apply(new LocalFile(connection, config)), Connection::close);
    }
}
