package dev.pollux.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.StringTokenizer;
import java.util.stream.Stream;

/**
 * What all processes of a load wrote into their {@link Ledger}s.
 *
 * @param tried the tasks that somebody began to push
 * @param pushed those whose push completed
 * @param runs the runs of handlers, by their ids
 * @param empty those that were to give no result
 */
record Ledgers(Set<String> tried, Set<String> pushed, Map<String, Run> runs, Set<Run> empty) {

    /** A handler's run, and the lease it had. */
    record Run(String task, long attempt, String worker) {}

    static Ledgers read(Path folder) throws IOException {
        Ledgers ledgers = new Ledgers(new HashSet<>(), new HashSet<>(), new HashMap<>(), new HashSet<>());
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".ledger")).toList()) {
                ledgers.add(file);
            }
        }
        return ledgers;
    }

    private void add(Path file) throws IOException {
        String text = Files.readString(file);
        // A process that was killed may have left half a line, which it had not acted on.
        List<String> whole =
                text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
        for (String line : whole) {
            StringTokenizer words = new StringTokenizer(line, " ");
            switch (words.nextToken()) {
                case "push" -> tried.add(words.nextToken());
                case "pushed" -> pushed.add(words.nextToken());
                case "run" -> {
                    String run = words.nextToken();
                    runs.put(run, new Run(words.nextToken(), Long.parseLong(words.nextToken()), words.nextToken()));
                }
                case "empty" -> empty.add(Objects.requireNonNull(runs.get(words.nextToken())));
                default -> throw new IllegalStateException("a ledger does not say: " + line);
            }
        }
    }
}
