package dev.pollux.faults;

import java.util.ArrayList;
import java.util.List;

/** When and where the handlers of all machines ran, by the clock that the processes share. */
final class ReplicaRuns {

    private final List<Run> all = new ArrayList<>();

    /** A handler's run, which has no end yet or one. */
    static final class Run {
        final ReplicaMachine machine;
        final String task;
        private final long from;
        private long to = Long.MAX_VALUE;

        private Run(ReplicaMachine machine, String task, long from) {
            this.machine = machine;
            this.task = task;
            this.from = from;
        }

        /** Whether it was going on when another of the same task began. */
        private boolean goesOnWith(Run other) {
            return task.equals(other.task) && from < other.from && other.from < to;
        }
    }

    void started(ReplicaMachine machine, String task, long at) {
        all.add(new Run(machine, task, at));
    }

    /** The one that goes on there has ended. */
    void stopped(ReplicaMachine machine, String task, long at) {
        all.stream()
                .filter(run -> run.machine == machine && run.task.equals(task) && run.to == Long.MAX_VALUE)
                .forEach(run -> run.to = Math.max(run.from, at));
    }

    /** Those that began while another of the same task went on. */
    List<Run> overlapping() {
        return all.stream()
                .filter(run -> all.stream().anyMatch(other -> other.goesOnWith(run)))
                .toList();
    }
}
