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
import org.jspecify.annotations.Nullable;

/**
 * Holds the database against what the ledgers say, when all work has ended. The promises:
 *
 * <ul>
 *   <li>every task whose push completed is there, once, and ended as Done or Killed; nobody else's task is there
 *   <li>a task ran no more often than its attempts + 1: so each further run had a failed or a lost one before it
 *   <li>a task that is Done was run, and has the outcome of the run that held its last lease: no ack of a lost lease
 *       changed it
 *   <li>no task took a step that its life does not have; what was Done or Killed stayed so
 * </ul>
 */
final class Checker {

    private static final int EXAMPLES = 3;

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

    /** A task as it ended. */
    private record Row(
            String id,
            String status,
            long attempts,
            @Nullable String worker,
            @Nullable String outcome) {}

    private Verdict check() {
        Map<String, Row> rows = new HashMap<>();
        for (List<?> row : database.sql("SELECT id, status, attempts, lock_by, last_error ->> 'Ok' FROM Jobs")) {
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
        Run run = row.outcome() == null ? null : ledgers.runs().get(row.outcome());
        if (run == null) {
            wrong("Done without a run", row.toString());
        } else if (!run.equals(new Run(row.id(), row.attempts() + 1, String.valueOf(row.worker())))) {
            wrong("Done by a run that had lost its lease", row + " by " + run);
        }
    }

    private void checkRuns(Map<String, Row> rows) {
        Map<String, Long> runs = new HashMap<>();
        ledgers.runs().values().forEach(run -> runs.merge(run.task(), 1L, Long::sum));
        Map<String, Long> released = Audit.releasedRunning(database);
        runs.forEach((task, times) -> {
            Row row = rows.get(task);
            if (row == null) {
                wrong("run and not there", task);
                return;
            }
            // A task that failed for good has counted its last run, too.
            long caused = row.attempts() + (row.status().equals("Killed") ? 0 : 1);
            long most = caused + (mayRelease ? released.getOrDefault(task, 0L) : 0);
            if (times > most) {
                duplicated += (int) (times - most);
                wrong(
                        "run too often",
                        row + ", whose steps were " + Audit.history(database, task) + ", by " + runsOf(task));
            }
        });
    }

    private List<Run> runsOf(String task) {
        return ledgers.runs().values().stream()
                .filter(run -> run.task().equals(task))
                .toList();
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
