package dev.pollux.faults;

import dev.pollux.faults.Ledgers.Run;
import dev.pollux.testing.TestDatabase;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Triggers that write down each step of each task, so that a step nobody may take shows. */
final class Audit {

    /** The steps of a life, as the design's picture has them; a fetch for a lock right behind it takes two at once. */
    private static final Map<String, Set<String>> LEGAL = Map.of(
            "Pending", Set.of("Queued", "Running"),
            "Failed", Set.of("Queued", "Running"),
            "Queued", Set.of("Running", "Done", "Failed", "Killed", "Pending"),
            "Running", Set.of("Running", "Done", "Failed", "Killed", "Pending"),
            "Done", Set.of(),
            "Killed", Set.of());

    private static final List<String> SETUP = List.of(
            "CREATE TABLE IF NOT EXISTS Audit (step INTEGER PRIMARY KEY, task TEXT NOT NULL, status_before TEXT NOT NULL,"
                    + " status TEXT NOT NULL, lease_before TEXT NOT NULL, lease TEXT NOT NULL,"
                    + " attempts_before INTEGER NOT NULL, attempts INTEGER NOT NULL, outcome TEXT,"
                    // Whether the worker that held the lease before had said goodbye.
                    + " worker_gone INTEGER NOT NULL DEFAULT 0)",
            // Of all but the times, which a test moves as a step of the clock would.
            "CREATE TRIGGER IF NOT EXISTS AuditStep AFTER UPDATE OF job, id, job_type, status, attempts, max_attempts,"
                    + " last_error, lock_by, priority, metadata ON Jobs BEGIN"
                    + " INSERT INTO Audit (task, status_before, status, lease_before, lease, attempts_before, attempts,"
                    + " outcome, worker_gone) VALUES (new.id, old.status, new.status, coalesce(old.lock_by, ''),"
                    + " coalesce(new.lock_by, ''), old.attempts, new.attempts, CASE WHEN new.status IN ('Done', 'Failed',"
                    + " 'Killed') THEN substr(new.last_error, 1, 500) END, old.lock_by IS NOT NULL"
                    + " AND NOT EXISTS (SELECT 1 FROM Workers WHERE id = old.lock_by));"
                    + " END",
            "CREATE TRIGGER IF NOT EXISTS AuditDelete AFTER DELETE ON Jobs BEGIN"
                    + " INSERT INTO Audit (task, status_before, status, lease_before, lease, attempts_before, attempts)"
                    + " VALUES (old.id, old.status, 'deleted', coalesce(old.lock_by, ''), '', old.attempts, 0);"
                    + " END");

    private static final String SWEPT =
            "status_before IN ('Queued', 'Running') AND status = 'Pending' AND attempts = attempts_before + 1";

    private Audit() {}

    /** Begins, in a database that has been set up. */
    static void begin(TestDatabase database) {
        SETUP.forEach(database::sql);
    }

    /**
     * One kind of step, and how often it was taken.
     *
     * @param attempts how many tries it counted
     * @param sameLease whether the lease stayed with its worker
     */
    private record Kind(String before, String after, long attempts, boolean sameLease, long times) {

        boolean legal() {
            if (!LEGAL.getOrDefault(before, Set.of()).contains(after)) {
                return false;
            }
            boolean fetched = before.equals("Pending") || before.equals("Failed");
            return switch (after) {
                // A sweep counts a try, a release does not, and neither leaves a lease.
                case "Pending" -> attempts == 0 || attempts == 1;
                case "Queued" -> attempts == 0;
                case "Running" -> attempts == 0 && (sameLease || fetched);
                case "Failed" -> attempts == 1 && sameLease;
                // An ack leaves the lease's worker in the row, a sweep nobody.
                case "Killed" -> attempts == 1;
                default -> attempts == 0 && sameLease;
            };
        }
    }

    /** The kinds of steps that nobody may take, and how often they were taken. */
    static Set<String> illegalSteps(TestDatabase database) {
        Set<String> illegal = new TreeSet<>();
        for (List<?> row :
                database.sql("SELECT status_before, status, attempts - attempts_before, lease = lease_before,"
                        + " count(*) FROM Audit GROUP BY 1, 2, 3, 4")) {
            Kind kind = new Kind(
                    (String) row.get(0),
                    (String) row.get(1),
                    (Long) row.get(2),
                    row.get(3).equals(1L),
                    (Long) row.get(4));
            if (!kind.legal()) {
                illegal.add(kind.toString());
            }
        }
        return illegal;
    }

    /** The leases under which tasks were Running, each as the run that it allows. */
    static Set<Run> locked(TestDatabase database) {
        Set<Run> locked = new HashSet<>();
        for (List<?> row :
                database.sql("SELECT DISTINCT task, attempts + 1, lease FROM Audit WHERE status = 'Running'")) {
            locked.add(run(row));
        }
        return locked;
    }

    /**
     * An outcome that was stored.
     *
     * @param run what it was stored for
     * @param text the beginning of it, as JSON
     */
    record Stored(Run run, String text) {}

    /** All outcomes that were stored, also those that a later one took the place of. */
    static List<Stored> stored(TestDatabase database) {
        // A sweep that kills leaves no lease.
        return database
                .sql("SELECT task, attempts_before + 1, lease, outcome FROM Audit"
                        + " WHERE status IN ('Done', 'Failed', 'Killed') AND lease <> ''")
                .stream()
                .map(row -> new Stored(run(row), String.valueOf(row.get(3))))
                .toList();
    }

    private static Run run(List<?> row) {
        return new Run((String) row.get(0), (Long) row.get(1), (String) row.get(2));
    }

    /** How many leases of each task ended without a try counted while its handler may have been at work. */
    static Map<String, Long> releasedRunning(TestDatabase database) {
        Map<String, Long> released = new HashMap<>();
        for (List<?> row : database.sql("SELECT task, count(*) FROM Audit WHERE status_before = 'Running'"
                + " AND status = 'Pending' AND attempts = attempts_before GROUP BY task")) {
            released.put((String) row.get(0), (Long) row.get(1));
        }
        return released;
    }

    /** How many leases were taken from their workers, with a try counted. */
    static long swept(TestDatabase database) {
        return database.number("SELECT count(*) FROM Audit WHERE " + SWEPT);
    }

    /** How many leases were left behind by workers that had said goodbye, until somebody took them. */
    static long leftBehind(TestDatabase database) {
        return database.number("SELECT count(*) FROM Audit WHERE worker_gone AND " + SWEPT);
    }

    /** The steps of one task: what it became, under which lease, with which attempts. */
    static List<?> history(TestDatabase database, String task) {
        return database.sql("SELECT status, lease, attempts FROM Audit WHERE task = '" + task + "' ORDER BY step");
    }
}
