package dev.pollux.replica;

import dev.pollux.TaskId;
import dev.pollux.replica.LocalFile.Demand;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.Readable;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The other side of a sync: what one replica asks of the remote database. Each request is one unit of work, safe to repeat. */
final class RemoteDatabase {

    /** How long a replica may be silent before the remote keeps no account for it any more. */
    private static final long KNOWN_FOR_DAYS = 90;

    private static final List<Sql> SETUP = List.of(
            Sql.REMOTE_REMOTE,
            Sql.REMOTE_REPLICAS,
            Sql.REMOTE_FEED,
            Sql.REMOTE_FEED_INDEX,
            Sql.REMOTE_ON_UPDATE,
            Sql.REMOTE_ON_DELETE,
            Sql.REMOTE_IDENTITY);

    /** How much SQL a server knows. */
    enum Dialect {
        WHOLE(Sql.TAKE),
        WITHOUT_RECURSION(Sql.TAKE_PLAINLY);

        private final Sql take;

        Dialect(Sql take) {
            this.take = take;
        }
    }

    private final Connection connection;
    private final Dialect dialect;
    private final ReplicaConfig config;
    private final Identity me;
    private int requests;
    /** The number of the last request of the talk. One that is not answered ends the talk. */
    private volatile long lastTurn;

    RemoteDatabase(Connection connection, Dialect dialect, ReplicaConfig config, Identity me) {
        this.connection = connection;
        this.dialect = dialect;
        this.config = config;
        this.me = me;
    }

    /** How many requests were sent so far. */
    int requests() {
        return requests;
    }

    /**
     * A part of what the replica is to hear.
     *
     * @param turn the number of the request that it was told at
     * @param cursor how far it has heard then
     * @param tasks by the order of their changes; a task may occur more than once
     * @param last whether there is no more for now
     */
    record Feed(long turn, long cursor, List<TaskState> tasks, boolean last) {}

    /** What the remote knows of itself and of the replica; no turn and nonce if it has never heard of it. */
    record Who(String remote, @Nullable Long turn, @Nullable String nonce) {}

    /** How a talk begins: with who they are, and the first part of what the replica is to hear. */
    record Greeting(Who who, Feed feed) {}

    /**
     * What became of tasks that were sent.
     *
     * @param turn the number of the request
     * @param differing those that are not on the remote as they were sent, as they are there
     */
    record Sent(long turn, List<TaskState> differing) {}

    /** Makes what is missing for replicas, on a database that has the queue's tables, and tells what the server knows. */
    static Mono<Dialect> setup(Connection connection) {
        return count(connection, Sql.HAS_FEED)
                .filter(there -> there == 0)
                .flatMap(missing -> {
                    Unit unit = new Unit().with("id", TaskId.next().value());
                    SETUP.forEach(unit::tell);
                    return addOrigin(connection).then(unit.run(connection));
                })
                .then(dialect(connection));
    }

    private static Mono<Dialect> dialect(Connection connection) {
        return count(connection, Sql.HAS_RECURSION)
                .thenReturn(Dialect.WHOLE)
                .onErrorReturn(R2dbcBadGrammarException.class, Dialect.WITHOUT_RECURSION);
    }

    /** Another replica may add the column at the same time. */
    private static Mono<Void> addOrigin(Connection connection) {
        Mono<Boolean> there = count(connection, Sql.HAS_ORIGIN).map(count -> count > 0);
        return there.flatMap(done -> done
                ? Mono.empty()
                : new Unit()
                        .tell(Sql.REMOTE_ORIGIN)
                        .run(connection)
                        .onErrorResume(error -> there.flatMap(now -> now ? Mono.empty() : Mono.error(error))));
    }

    /** What the remote calls the last talk with a replica; empty if it knows of none. */
    static Mono<Optional<String>> lastTalk(Connection connection, String replica) {
        return Mono.defer(() -> new Unit().with("replica", replica).one(connection, Sql.WHO, RemoteDatabase::who))
                .map(who -> Optional.ofNullable(who.nonce()));
    }

    private static Who who(Readable row) {
        return new Who(
                Objects.requireNonNull(row.get(0, String.class)), row.get(1, Long.class), row.get(2, String.class));
    }

    private static Mono<Long> count(Connection connection, Sql sql) {
        return Mono.defer(() -> new Unit().one(connection, sql, row -> TaskState.number(row, 0)));
    }

    /** Begins a talk: holds on to what the replica holds, takes tasks for its workers, and tells what it is to hear. */
    Mono<Greeting> hello(List<Demand> demand) {
        return Mono.defer(() -> {
            Unit unit = unit().with("turn", me.turn())
                    .with("nonces", TaskState.ids(me.nonces()))
                    .with("orphaned_after", config.orphanedAfterSeconds())
                    .with("most", (long) config.mostHeld())
                    .with(
                            "queues",
                            TaskState.ids(demand.stream().map(Demand::queue).toList()))
                    .with("cursor", me.cursor())
                    .with("days", KNOWN_FOR_DAYS)
                    .tell(Sql.JOIN)
                    .tell(Sql.HELLO);
            List<Who> both = unit.ask(Sql.WHO, RemoteDatabase::who);
            unit.tell(Sql.FORGET_FEED)
                    .tell(Sql.FORGET_REPLICAS)
                    .tell(Sql.BEAT)
                    .tell(Sql.NO_DEMAND)
                    .tell(Sql.HEARD);
            if (!demand.isEmpty()) {
                unit.tell(Sql.REMOTE_DEMAND);
            }
            for (Demand queue : demand) {
                unit.tell(Sql.SWEEP, Map.of("queue", queue.queue()));
                if (queue.room() > 0) {
                    unit.tell(dialect.take, Map.of("queue", queue.queue(), "room", queue.room()));
                }
            }
            if (me.forced()) {
                unit.tell(Sql.RELEARN);
            }
            FeedRows feed = new FeedRows(unit, me.cursor());
            return run(unit).then(Mono.fromSupplier(() -> {
                Who who = both.get(0);
                lastTurn = who.turn() == null ? 0 : who.turn();
                return new Greeting(who, feed.read(lastTurn));
            }));
        });
    }

    /** What the replica is to hear after that place; what it holds is held on. Fails as {@link #send} does. */
    Mono<Feed> feed(long cursor) {
        return Mono.defer(() -> {
            Unit unit = unit().with("cursor", cursor);
            List<Long> turn = turn(unit);
            unit.tell(Sql.BEAT).tell(Sql.HEARD);
            FeedRows feed = new FeedRows(unit, cursor);
            return inTurn(unit, turn).map(feed::read);
        });
    }

    /**
     * Brings what was changed on the replica; what it holds is held on.
     *
     * @return fails with {@link ReplicaException} if the talk is over, because another file with this id has begun one
     */
    Mono<Sent> send(List<TaskState> tasks) {
        return Mono.defer(() -> {
            // That of a task which is alone is a value of its own, and so may be as large as any.
            boolean alone = tasks.size() == 1;
            Unit unit = unit().with(
                            "rows", TaskState.array(alone ? List.of(tasks.get(0).withoutPayload()) : tasks))
                    .with("payload", alone ? tasks.get(0).payload() : null);
            List<Long> turn = turn(unit);
            unit.tell(Sql.WRITE)
                    .tell(Sql.BEAT)
                    .tell(Sql.WORKERS)
                    .tell(Sql.SEND_NEW)
                    .tell(Sql.SEND_HELD)
                    .tell(Sql.SEND_OTHERS)
                    .tell(Sql.SEND_RETRIED)
                    .tell(Sql.SEND_DELETED);
            List<TaskState> differing = unit.ask(Sql.DIFFERING, row -> state(row, 0, null));
            unit.tell(Sql.WRITTEN);
            return inTurn(unit, turn).map(number -> new Sent(number, differing));
        });
    }

    /** Gives tasks back to the pool; those whose hold was lost stay as they are. The number of the request; fails as {@link #send}. */
    Mono<Long> giveBack(Map<String, Long> leases) {
        return Mono.defer(() -> {
            Unit unit = unit().with("leases", TaskState.leases(leases));
            List<Long> turn = turn(unit);
            unit.tell(Sql.WRITE).tell(Sql.REMOTE_GIVE_BACK).tell(Sql.WRITTEN);
            return inTurn(unit, turn);
        });
    }

    private List<Long> turn(Unit unit) {
        return unit.with("turn", lastTurn).ask(Sql.REMOTE_TURN, row -> TaskState.number(row, 0));
    }

    /** Runs a unit that has asked for its turn; gives its number. */
    private Mono<Long> inTurn(Unit unit, List<Long> turn) {
        return run(unit)
                .then(Mono.defer(() -> turn.isEmpty()
                        ? Mono.error(new ReplicaException(
                                "replica " + me.id()
                                        + ": the remote database is not where this sync had come to: another"
                                        + " file with the same id syncs too, or the database was restored from a backup. The"
                                        + " next sync tells which",
                                null))
                        : Mono.just(turn.get(0))))
                .doOnNext(number -> lastTurn = number);
    }

    private Unit unit() {
        return new Unit()
                .with("replica", me.id())
                .with("nonce", me.talk())
                .with("prefix", me.workerPrefix())
                .with("tasks", (long) LocalFile.PAGE_TASKS)
                .with("bytes", (long) LocalFile.HEARD_BYTES);
    }

    private Mono<Void> run(Unit unit) {
        requests++;
        return unit.run(connection);
    }

    private static TaskState state(Readable row, int first, @Nullable ByteBuffer payload) {
        return new TaskState(
                Objects.requireNonNull(row.get(first, String.class)),
                TaskState.Terms.read(row, first + 1),
                TaskState.number(row, first + 11),
                TaskState.number(row, first + 10) != 0,
                TaskState.number(row, first + 12) != 0,
                false,
                payload);
    }

    /** The rows of one request for the feed. */
    private static final class FeedRows {
        private final long from;
        private final List<Row> rows;

        /**
         * A row.
         *
         * @param bytes how many the tasks up to this one have
         */
        private record Row(long seq, TaskState task, long bytes) {}

        FeedRows(Unit unit, long from) {
            this.from = from;
            this.rows = unit.ask(
                    Sql.FEED,
                    row -> new Row(
                            TaskState.number(row, 0),
                            state(row, 1, TaskState.bytes(row, 14)),
                            TaskState.number(row, 15)));
        }

        /** A page that is neither full of tasks nor of bytes is the last. */
        Feed read(long turn) {
            if (rows.isEmpty()) {
                return new Feed(turn, from, List.of(), true);
            }
            Row end = rows.get(rows.size() - 1);
            return new Feed(
                    turn,
                    end.seq(),
                    rows.stream().map(Row::task).toList(),
                    rows.size() < LocalFile.PAGE_TASKS && end.bytes() < LocalFile.HEARD_BYTES);
        }
    }
}
