package dev.pollux.replica;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Readable;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The replica's side of a sync: what it reads from and writes into its own file. */
final class LocalFile {

    /** How many changes go in a page at most. */
    static final int PAGE_TASKS = 1_000;

    /** How many bytes one has that is heard, but for its last task: a server answers with up to 10 MB. */
    static final int HEARD_BYTES = 2 << 20;

    /** How many bytes one has that is sent: a server takes values of up to 5 MB. */
    private static final int SENT_BYTES = 4 << 20;

    private static final List<Sql> SETUP = List.of(
            Sql.LOCAL_REPLICA,
            Sql.LOCAL_CHANGES,
            Sql.LOCAL_SYNCED,
            Sql.LOCAL_SYNCED_HELD,
            Sql.LOCAL_REFUSED,
            Sql.LOCAL_ON_INSERT,
            Sql.LOCAL_ON_UPDATE,
            Sql.LOCAL_ON_DELETE,
            Sql.LOCAL_GUARD,
            Sql.LOCAL_KEEP,
            Sql.LOCAL_REMOTE_WORKER);

    private static final List<Sql> APPLY = List.of(
            Sql.APPLY_GONE,
            Sql.APPLY_GONE_SYNCED,
            Sql.APPLY_ENDED_CHANGES,
            Sql.APPLY_ENDED_SYNCED,
            Sql.APPLY_ENDED,
            Sql.APPLY_ELSEWHERE,
            Sql.APPLY_ENDED_HERE,
            Sql.APPLY_ELSEWHERE_SYNCED,
            Sql.APPLY_FORGOTTEN,
            Sql.APPLY_FORGOTTEN_SYNCED,
            Sql.APPLY_TAKEN,
            Sql.APPLY_OURS_AGAIN,
            Sql.APPLY_CHANGED,
            Sql.APPLY_OURS_SYNCED);

    private final Connection connection;
    private final ReplicaConfig config;

    LocalFile(Connection connection, ReplicaConfig config) {
        this.connection = connection;
        this.config = config;
    }

    /** A queue that is polled here, and for how many more of its tasks there is room. */
    record Demand(String queue, long room) {}

    /**
     * Tasks that were changed here.
     *
     * @param last the number of the last change in it
     * @param newest the number of the last change that there was
     */
    record Page(long last, long newest, List<TaskState> tasks) {

        Page withoutResults() {
            return new Page(
                    last, newest, tasks.stream().map(TaskState::withoutResult).toList());
        }
    }

    /**
     * What a page was answered with.
     *
     * @param turn the number of the request
     */
    record Settlement(
            Page page,
            long turn,
            List<String> finished,
            List<String> known,
            List<String> outcomesRefused,
            Collection<TaskState> differing) {}

    /** Makes the replica's tables and triggers, once; the tasks that are there already are to be sent. */
    Mono<Void> setup(String newId) {
        Unit unit = new Unit().with("id", newId);
        SETUP.forEach(unit::tell);
        return unit.tell(Sql.LOCAL_IDENTITY).tell(Sql.LOCAL_FIRST_CHANGES).run(connection);
    }

    /** The file's path; empty for a memory database. */
    Mono<String> path() {
        return Mono.defer(() -> new Unit().one(connection, Sql.PATH, row -> text(row, 0)));
    }

    /** What the file is. */
    Mono<Identity> identity() {
        return Mono.defer(() -> new Unit()
                .one(
                        connection,
                        Sql.IDENTITY,
                        row -> new Identity(
                                text(row, 0),
                                row.get(1, String.class),
                                TaskState.number(row, 2),
                                row.get(3, String.class),
                                TaskState.ids(text(row, 4)),
                                TaskState.number(row, 5),
                                TaskState.number(row, 6) != 0)));
    }

    /** Notes which talks may have taken place, or may yet. */
    Mono<Identity> noteTalks(Identity me) {
        return new Unit()
                .with("nonce", me.nonce())
                .with("asked", TaskState.ids(me.asked()))
                .tell(Sql.NOTE_TALKS)
                .run(connection)
                .thenReturn(me);
    }

    /** The queues that are polled here. */
    Mono<List<Demand>> demand() {
        return Mono.defer(() -> {
            Unit unit = new Unit()
                    .with("most", (long) config.mostHeld())
                    .with("orphaned_after", config.orphanedAfterSeconds());
            List<Demand> demand = unit.ask(Sql.LOCAL_DEMAND, row -> new Demand(text(row, 0), TaskState.number(row, 1)));
            return unit.run(connection).thenReturn(demand);
        });
    }

    /** Notes that the remote has answered: for that long from now it gives to nobody what it had not given away before. */
    Mono<Void> agreed(String remote, long turn, String talk, Duration holdsFor) {
        return new Unit()
                .with("remote", remote)
                .with("turn", turn)
                .with("nonce", talk)
                .with("seconds", holdsFor.toSeconds())
                .tell(Sql.AGREED)
                .tell(Sql.HOLDS_ON)
                .run(connection);
    }

    /** Notes that all was heard: for that long from now, what we hold is ours. */
    Mono<Void> holds(Duration holdsFor) {
        return new Unit().with("seconds", holdsFor.toSeconds()).tell(Sql.HOLDS).run(connection);
    }

    /**
     * Writes what the remote told, up to that place of its feed.
     *
     * @param turn the number of the request that it was told at
     */
    Mono<Void> apply(Collection<TaskState> rows, long cursor, long turn, Duration holdsFor) {
        Unit unit = new Unit()
                .with("rows", TaskState.array(rows))
                .with("cursor", cursor)
                .with("turn", turn)
                .with("seconds", holdsFor.toSeconds());
        unit.tell(Sql.APPLYING).tell(Sql.LOCAL_TURN).tell(Sql.HOLDS_ON);
        APPLY.forEach(unit::tell);
        return unit.tell(Sql.CURSOR).tell(Sql.APPLIED).run(connection);
    }

    /** How far a page goes, and how far all changes go. */
    private record PageEnd(long last, long newest) {}

    /** The next page of up to so many changes, now noted as one that the remote may know of; empty if there is none. */
    Mono<Page> nextPage(int most) {
        return Mono.defer(() -> new Unit()
                        .with("tasks", (long) most)
                        .with("bytes", (long) SENT_BYTES)
                        .one(
                                connection,
                                Sql.PAGE_END,
                                row -> row.get(0, Long.class) == null
                                        ? new PageEnd(0, 0)
                                        : new PageEnd(TaskState.number(row, 0), TaskState.number(row, 1))))
                .filter(end -> end.last() > 0)
                .flatMap(end -> {
                    Unit unit = new Unit().with("last", end.last());
                    unit.tell(Sql.PREMARK);
                    List<Changed> changed = unit.ask(Sql.PAGE, LocalFile::changed);
                    return unit.run(connection)
                            .then(Mono.fromSupplier(() -> new Page(
                                    end.last(),
                                    end.newest(),
                                    changed.stream()
                                            .filter(Changed::isOurs)
                                            .map(Changed::task)
                                            .toList())));
                });
    }

    /** A task that was changed here, perhaps by deleting it. */
    private record Changed(TaskState task, boolean deleted) {

        /** Whether it is there, or was until somebody deleted it; otherwise it has become the business of others. */
        boolean isOurs() {
            return deleted || task.terms() != null;
        }
    }

    private static Changed changed(Readable row) {
        TaskState task = new TaskState(
                text(row, 0),
                TaskState.Terms.read(row, 2),
                TaskState.number(row, 11),
                TaskState.number(row, 12) != 0,
                TaskState.number(row, 15) != 0,
                TaskState.number(row, 1) != 0,
                TaskState.bytes(row, 13));
        return new Changed(task, TaskState.number(row, 14) != 0);
    }

    /** Writes what a page was answered with; gives the tasks whose outcomes were refused. */
    Mono<List<String>> settle(Settlement answer, Duration holdsFor) {
        return Mono.defer(() -> {
            Unit unit = new Unit()
                    .with("last", answer.page().last())
                    .with("turn", answer.turn())
                    .with("finished", TaskState.ids(answer.finished()))
                    .with("known", TaskState.ids(answer.known()))
                    .with("refused", TaskState.ids(answer.outcomesRefused()))
                    .with("rows", TaskState.array(answer.differing()))
                    .with("seconds", holdsFor.toSeconds());
            unit.tell(Sql.APPLYING)
                    .tell(Sql.LOCAL_TURN)
                    .tell(Sql.HOLDS_ON)
                    .tell(Sql.SENT)
                    .tell(Sql.SETTLE_FINISHED)
                    .tell(Sql.SETTLE_KNOWN);
            List<String> refused = List.of();
            if (!answer.differing().isEmpty()) {
                refused = unit.ask(Sql.REFUSE, row -> text(row, 0));
                unit.tell(Sql.REFUSE_FINISHED);
                APPLY.forEach(unit::tell);
            }
            return unit.tell(Sql.APPLIED).run(connection).thenReturn(refused);
        });
    }

    /** Sends nothing of a page, whose only task the remote cannot take: the file keeps it for itself. */
    Mono<Void> leaveOut(Page page) {
        return new Unit()
                .with("last", page.last())
                .with("task", page.tasks().get(0).id())
                .tell(Sql.SENT)
                .tell(Sql.LEFT_OUT)
                .run(connection);
    }

    /** Takes what the remote may give to others out of the reach of this file's workers; writes nothing if it is already. */
    Mono<Void> freeze() {
        return Mono.defer(() -> new Unit().one(connection, Sql.TO_FREEZE, row -> TaskState.number(row, 0) != 0))
                .filter(any -> any)
                .flatMap(any -> new Unit()
                        .with("held", 1L)
                        .tell(Sql.APPLYING)
                        .tell(Sql.NO_HOLDS)
                        .tell(Sql.ASIDE)
                        .tell(Sql.APPLIED)
                        .run(connection));
    }

    /** Gives it back into their reach, if it is still ours; writes nothing if nothing was taken out of it. */
    Mono<Void> thaw() {
        return Mono.defer(() -> new Unit().one(connection, Sql.TO_THAW, row -> TaskState.number(row, 0) != 0))
                .filter(any -> any)
                .flatMap(any -> new Unit()
                        .tell(Sql.APPLYING)
                        .tell(Sql.THAW)
                        .tell(Sql.THAWED)
                        .tell(Sql.APPLIED)
                        .run(connection));
    }

    /** Up to a page of the tasks that we hold and nobody here polls for, now out of the workers' reach, with their holds. */
    Mono<Map<String, Long>> toGiveBack() {
        return Mono.defer(() -> {
            Unit unit = new Unit()
                    .with("tasks", (long) PAGE_TASKS)
                    .with("orphaned_after", config.orphanedAfterSeconds())
                    .with("held", 2L);
            unit.tell(Sql.APPLYING).tell(Sql.LOCAL_GIVE_BACK).tell(Sql.ASIDE);
            List<Map.Entry<String, Long>> leases =
                    unit.ask(Sql.GIVING_BACK, row -> Map.entry(text(row, 0), TaskState.number(row, 1)));
            return unit.tell(Sql.APPLIED).run(connection).then(Mono.fromSupplier(() -> {
                Map<String, Long> byTask = new LinkedHashMap<>();
                leases.forEach(lease -> byTask.put(lease.getKey(), lease.getValue()));
                return byTask;
            }));
        });
    }

    /**
     * Notes that these are in the pool.
     *
     * @param turn the number of the request that gave them back
     */
    Mono<Void> givenBack(Collection<String> tasks, long turn) {
        return new Unit()
                .with("tasks", TaskState.ids(tasks))
                .with("turn", turn)
                .tell(Sql.APPLYING)
                .tell(Sql.LOCAL_TURN)
                .tell(Sql.GIVEN_BACK)
                .tell(Sql.GIVEN_BACK_FORGOTTEN)
                .tell(Sql.GIVEN_BACK_FORGOTTEN_SYNCED)
                .tell(Sql.APPLIED)
                .run(connection);
    }

    /** How many changes are not sent, and how many tasks the remote holds for us. */
    record Counts(long unsent, long held) {}

    Mono<Counts> counts() {
        return Mono.defer(() -> new Unit()
                .one(connection, Sql.COUNTS, row -> new Counts(TaskState.number(row, 0), TaskState.number(row, 1))));
    }

    /** The number of the last change that is to be sent; 0 if there is none. */
    Mono<Long> lastChange() {
        return Mono.defer(() -> new Unit().one(connection, Sql.LAST_CHANGE, row -> TaskState.number(row, 0)));
    }

    /**
     * Has the file begin anew with its remote, which the next sync asks about every unfinished task that it may know.
     *
     * @param newId its new id, and what the remote lacks is deleted here; null if it keeps its id, and the remote is to have from us
     *     what it lacks
     */
    Mono<Void> rejoin(@Nullable String newId) {
        return new Unit()
                .with("id", newId)
                .with("lease", newId == null ? 0L : -1L)
                .with("held", 1L)
                .tell(Sql.APPLYING)
                .tell(Sql.REJOIN)
                .tell(Sql.REJOIN_ASKING)
                .tell(Sql.ASIDE)
                .tell(Sql.REJOIN_CHANGES)
                .tell(Sql.APPLIED)
                .run(connection);
    }

    private static String text(Readable row, int column) {
        return Objects.requireNonNull(row.get(column, String.class));
    }
}
