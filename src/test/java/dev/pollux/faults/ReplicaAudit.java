package dev.pollux.faults;

import dev.pollux.testing.TestDatabase;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Triggers in the databases of the model test that write down what becomes of the tasks, and what must be true of that: each task
 * ends once, and once more for each order to retry it; who knew its end runs it again for such an order only, or because its outcome
 * was refused; and an outcome is refused only where the hold was lost.
 */
final class ReplicaAudit {

    static final String CANCELLED = "{\"Err\":\"cancelled\"}";

    private static final String ENDED = "('Done', 'Killed')";

    /** What a replica's own process and the orders of the test do in its file, and what comes from the server. */
    private static final List<String> FILE = List.of(
            "CREATE TABLE IF NOT EXISTS AuditSteps (seq INTEGER PRIMARY KEY, task TEXT NOT NULL, status TEXT NOT NULL,"
                    + " own INTEGER NOT NULL)",
            "CREATE TRIGGER IF NOT EXISTS AuditStep AFTER UPDATE OF status ON Jobs"
                    + " WHEN NEW.status <> OLD.status AND NEW.status IN ('Running', 'Done', 'Killed')"
                    + " BEGIN INSERT INTO AuditSteps (task, status, own)"
                    + " SELECT NEW.id, NEW.status, NOT applying AND NEW.last_error IS NOT '" + CANCELLED + "'"
                    + " FROM PolluxReplica; END");

    /** Ends, an end that takes the place of another included, and holds that their replica did not give up itself. */
    private static final List<String> SERVER = List.of(
            "CREATE TABLE AuditEnds (task TEXT NOT NULL)",
            "CREATE TABLE AuditLost (task TEXT NOT NULL, replica TEXT NOT NULL)",
            "INSERT INTO AuditEnds SELECT id FROM Jobs WHERE status IN " + ENDED,
            "CREATE TRIGGER AuditAdded AFTER INSERT ON Jobs WHEN NEW.status IN " + ENDED
                    + " BEGIN INSERT INTO AuditEnds VALUES (NEW.id); END",
            "CREATE TRIGGER AuditEnded AFTER UPDATE OF status ON Jobs WHEN NEW.status IN " + ENDED
                    + " AND (NEW.status <> OLD.status OR NEW.attempts <> OLD.attempts OR NEW.lock_by IS NOT OLD.lock_by"
                    + " OR NEW.lease IS NOT OLD.lease OR NEW.last_error IS NOT OLD.last_error"
                    + " OR NEW.done_at IS NOT OLD.done_at)"
                    + " BEGIN INSERT INTO AuditEnds VALUES (NEW.id); END",
            "CREATE TRIGGER AuditTaken AFTER UPDATE OF status, lock_by, lease ON Jobs"
                    + " WHEN OLD.lock_by GLOB 'pollux-replica:*'"
                    + " AND (NEW.lock_by IS NOT OLD.lock_by OR NEW.lease IS NOT OLD.lease"
                    + " OR (NEW.status IN " + ENDED + " AND OLD.status NOT IN " + ENDED + "))"
                    + " AND (SELECT writer FROM PolluxRemote) IS NOT substr(OLD.lock_by, 16, 26)"
                    + " BEGIN INSERT INTO AuditLost VALUES (OLD.id, substr(OLD.lock_by, 16, 26)); END",
            "CREATE TRIGGER AuditDeleted AFTER DELETE ON Jobs WHEN OLD.lock_by GLOB 'pollux-replica:*'"
                    + " BEGIN INSERT INTO AuditLost VALUES (OLD.id, substr(OLD.lock_by, 16, 26)); END");

    private final TestDatabase remote;
    private final List<ReplicaMachine> machines;
    private final List<String> tasks;
    private final Map<String, Long> retries = new HashMap<>();
    private final Set<List<Object>> ordered = new HashSet<>();
    private final Set<String> deleted = new HashSet<>();
    private boolean onServer;

    /**
     * @param tasks all that are pushed, also later; they are called by their places in it
     */
    ReplicaAudit(TestDatabase remote, List<ReplicaMachine> machines, List<String> tasks) {
        this.remote = remote;
        this.machines = machines;
        this.tasks = tasks;
    }

    static void watch(TestDatabase file) {
        FILE.forEach(file::sql);
    }

    /** Whether the server serves replicas by now; from then on, it is watched. */
    boolean watchesServer() {
        if (!onServer && remote.number("SELECT count(*) FROM sqlite_schema WHERE name = 'PolluxFeedDelete'") > 0) {
            SERVER.forEach(remote::sql);
            onServer = true;
        }
        return onServer;
    }

    /** A finished task is to run again. */
    void retried(String task) {
        retries.merge(task, 1L, Long::sum);
    }

    void deleted(String task) {
        deleted.add(task);
    }

    boolean mayBeGone(String task) {
        return deleted.contains(task);
    }

    /** Something was decided about a task on a replica's file, whoever holds it. */
    void ordered(ReplicaMachine machine, String task) {
        ordered.add(List.of(machine, task));
    }

    /** What must not be. */
    List<String> wrong() {
        List<String> wrong = new ArrayList<>();
        Map<String, Long> ends = counts(remote, "SELECT task, count(*) FROM AuditEnds GROUP BY task");
        Map<String, Long> ownEnds = new HashMap<>();
        Map<String, Long> allRefused = new HashMap<>();
        for (ReplicaMachine machine : machines) {
            Map<String, Long> refused = counts(
                    machine.file(),
                    "SELECT task, count(*) FROM PolluxRefused WHERE status IN " + ENDED + " GROUP BY task");
            refused.forEach((task, times) -> allRefused.merge(task, times, Long::sum));
            counts(
                            machine.file(),
                            "SELECT task, count(*) FROM AuditSteps WHERE own AND status IN " + ENDED + " GROUP BY task")
                    .forEach((task, times) -> ownEnds.merge(task, times, Long::sum));
            runsAfterTheEnd(machine).forEach((task, times) -> {
                if (times > of(retries, task) + of(refused, task)) {
                    wrong.add(machine + " runs " + times + " times after its end, without cause, " + name(task));
                }
            });
            wrong.addAll(refusedWithoutCause(machine));
        }
        for (String task : tasks) {
            long most = 1 + of(retries, task);
            if (of(ends, task) > most) {
                wrong.add("ends " + ends.get(task) + " times on the server, instead of " + most + ", " + name(task));
            }
            // Two ends that were reached before one sync are one for the server.
            long known = of(ends, task) + of(allRefused, task) + of(retries, task);
            if (of(ownEnds, task) > known && !deleted.contains(task)) {
                wrong.add("reached " + ownEnds.get(task) + " ends, of which " + known + " are known, " + name(task));
            }
        }
        return wrong;
    }

    private static Map<String, Long> runsAfterTheEnd(ReplicaMachine machine) {
        return counts(
                machine.file(),
                "SELECT task, count(*)"
                        + " FROM (SELECT task, status, lag(status) OVER (PARTITION BY task ORDER BY seq) AS last FROM AuditSteps)"
                        + " WHERE status = 'Running' AND last IN " + ENDED + " GROUP BY task");
    }

    private List<String> refusedWithoutCause(ReplicaMachine machine) {
        Set<String> refused = counts(machine.file(), "SELECT task, count(*) FROM PolluxRefused GROUP BY task")
                .keySet();
        Set<String> lost = counts(
                        remote,
                        "SELECT task, count(*) FROM AuditLost WHERE replica = '" + machine.id() + "' GROUP BY task")
                .keySet();
        List<String> wrong = new ArrayList<>();
        for (String task : refused) {
            if (!lost.contains(task) && !ordered.contains(List.of(machine, task))) {
                wrong.add(machine + " was refused the outcome of a task that it held all the time, " + name(task));
            }
        }
        for (String task : machine.refused) {
            if (!refused.contains(task)) {
                wrong.add(machine + " did not keep the outcome that was refused, " + name(task));
            }
        }
        return wrong;
    }

    private String name(String task) {
        return "task " + tasks.indexOf(task);
    }

    private static long of(Map<String, Long> counts, String task) {
        return counts.getOrDefault(task, 0L);
    }

    private static Map<String, Long> counts(TestDatabase database, String sql) {
        Map<String, Long> counts = new HashMap<>();
        for (List<@Nullable Object> row : database.sql(sql)) {
            counts.put(String.valueOf(row.get(0)), (Long) row.get(1));
        }
        return counts;
    }
}
