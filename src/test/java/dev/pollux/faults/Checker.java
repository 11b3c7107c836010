package dev.pollux.faults;

import dev.pollux.faults.Ledgers.Run;
import dev.pollux.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Holds the database against what the ledgers say, when all work has ended. The promises:
 *
 * <ul>
 *   <li>every task whose push completed is there, once, and ended as Done or Killed; nobody else's task is there
 *   <li>a task ran no more often than its attempts + 1: so each further run had a failed or a lost one before it
 *   <li>each run had locked the task, under a lease that no other run had
 *   <li>a task that is Done was run, and has the outcome of the run that held its last lease; each outcome that was ever
 *       stored, good or bad, is that of the run that held the lease: no ack of a lost lease changed anything
 *   <li>no task took a step that its life does not have; what was Done or Killed stayed so
 * </ul>
 */
final class Checker {

    private static final int EXAMPLES = 3;
    private static final Pattern RUN_ID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    private final TestDatabase database;
    private final Ledgers ledgers;
    private final boolean mayRelease;
    private final Map<String, List<String>> wrong = new HashMap<>();
    private int lost;
    private int duplicated;

    private Checker(TestDatabase database, Ledgers ledgers, boolean mayRelease) {
        this.database = database;
        this.ledgers = ledgers;
        this.mayRelease = mayRelease;
    }

    /** Checks a load whose handlers nobody cancelled: no task was given back while it ran. */
    static Verdict check(TestDatabase database, Path folder) throws IOException {
        return new Checker(database, Ledgers.read(folder), false).check();
    }

    /** Checks a load in which tasks were given back while they ran, and so ran again without a try counted. */
    static Verdict checkWithReleases(TestDatabase database, Path folder) throws IOException {
        return new Checker(database, Ledgers.read(folder), true).check();
    }

    /**
     * A task as it ended.
     *
     * @param outcome what its run gave, as JSON
     */
    private record Row(
            String id,
            String status,
            long attempts,
            @Nullable String worker,
            @Nullable String outcome) {}

    private Verdict check() {
        Map<String, Row> rows = new HashMap<>();
        for (List<?> row : database.sql("SELECT id, status, attempts, lock_by, last_error -> 'Ok' FROM Jobs")) {
            rows.put(
                    (String) row.get(0),
                    new Row((String) row.get(0), (String) row.get(1), (Long) row.get(2), (String) row.get(3), (String)
                            row.get(4)));
        }
        for (String task : ledgers.pushed()) {
            if (!rows.containsKey(task)) {
                lost++;
                wrong("pushed and not there", task);
            }
        }
        rows.values().forEach(this::checkEnd);
        checkRuns(rows);
        checkOutcomes();
        checkPayloads();
        Audit.illegalSteps(database).forEach(step -> wrong("a step that nobody may take", step));
        Set<String> all = new HashSet<>(ledgers.pushed());
        all.addAll(rows.keySet());
        return new Verdict(all.size(), lost, duplicated, words());
    }

    private void checkEnd(Row row) {
        if (!ledgers.tried().contains(row.id())) {
            wrong("there and never pushed", row.id());
        }
        switch (row.status()) {
            case "Done" -> checkDone(row);
            case "Killed" -> {}
            default -> {
                lost++;
                wrong("not ended", row.toString());
            }
        }
    }

    private void checkDone(Row row) {
        Run last = new Run(row.id(), row.attempts() + 1, String.valueOf(row.worker()));
        String outcome = String.valueOf(row.outcome());
        if (outcome.equals("null") && ledgers.empty().contains(last)) {
            return;
        }
        Run run = ledgers.runs().get(outcome.replace("\"", ""));
        if (run == null) {
            wrong("Done without a run", row.toString());
        } else if (!run.equals(last)) {
            wrong("Done by a run that had lost its lease", row + " by " + run);
        }
    }

    private void checkRuns(Map<String, Row> rows) {
        Set<Run> locked = Audit.locked(database);
        Map<String, Long> released = mayRelease ? Audit.releasedRunning(database) : Map.of();
        Map<String, List<Run>> byTask = ledgers.runs().values().stream().collect(Collectors.groupingBy(Run::task));
        byTask.forEach((task, runs) -> {
            Row row = rows.get(task);
            if (row == null) {
                wrong("run and not there", task);
                return;
            }
            Set<Run> leases = new HashSet<>(runs);
            leases.stream()
                    .filter(run -> !locked.contains(run))
                    .forEach(run -> wrong("run without a lock", run.toString()));
            // A task that failed for good has counted its last run, too.
            long caused = row.attempts() + (row.status().equals("Killed") ? 0 : 1);
            // A worker may have a task again that was given back, and then under the same number of tries.
            long most = Math.min(caused, leases.size()) + released.getOrDefault(task, 0L);
            if (runs.size() > most) {
                duplicated += (int) (runs.size() - most);
                wrong("run too often", row + ", whose steps were " + Audit.history(database, task) + ", by " + runs);
            }
        });
    }

    private void checkOutcomes() {
        Set<Run> runs = new HashSet<>(ledgers.runs().values());
        for (Audit.Stored stored : Audit.stored(database)) {
            Matcher named = RUN_ID.matcher(stored.text());
            Run run = named.find() ? ledgers.runs().get(named.group()) : null;
            if (run == null ? !runs.contains(stored.run()) : !run.equals(stored.run())) {
                wrong("an outcome of a run that did not hold the lease", stored + " by " + run);
            }
        }
    }

    private void checkPayloads() {
        for (List<?> row :
                database.sql("SELECT CAST(job AS TEXT), count(*) FROM Jobs GROUP BY 1 HAVING count(*) > 1")) {
            duplicated++;
            wrong("pushed once and there more often", row.toString());
        }
    }

    private void wrong(String what, String example) {
        wrong.computeIfAbsent(what, key -> new ArrayList<>()).add(example);
    }

    private List<String> words() {
        List<String> words = new ArrayList<>();
        wrong.forEach((what, examples) -> words.add(
                examples.size() + " " + what + ", as " + examples.subList(0, Math.min(EXAMPLES, examples.size()))));
        return words;
    }
}
