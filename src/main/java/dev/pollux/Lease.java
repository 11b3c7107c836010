package dev.pollux;

import java.util.Map;

/**
 * One holding of a task by a worker. Together its parts are the fence: an ack and a sweep change the attempts or end the
 * task, and after a release, which does neither, the same worker can only have it again by another fetch. So nothing that
 * comes late can match, also not a statement that a server runs long after its caller has given up waiting.
 *
 * @param fetch which of the worker's fetches it was given by, from 1; 0 if it is another program's
 */
record Lease(TaskId task, String worker, int attempts, long fetch) {

    /** The lease that a fetched task was given under. */
    static Lease of(Task<?> task) {
        String worker = task.context().lockBy();
        if (worker == null) {
            throw new IllegalArgumentException("task " + task.id().shown() + " in queue "
                    + Texts.shown(task.context().queue())
                    + " is not leased: lock and ack take tasks that poll emitted");
        }
        return new Lease(task.id(), worker, task.attempts(), task.context().lease());
    }

    /** What it has in common with the other leases of its fetch, but for those with other attempts. */
    record Fetch(String worker, int attempts, long number) {

        /** The arguments of the statements that are about leases of one fetch. */
        Map<String, Object> arguments() {
            return Map.of("worker", worker, "attempts", (long) attempts, "lease", number);
        }
    }

    /** The fetch that gave it. */
    Fetch given() {
        return new Fetch(worker, attempts, fetch);
    }

    /** What the statements compare the row with: its parts with blanks between them, of which only the last has blanks. */
    String fence() {
        return attempts + " " + fetch + " " + worker;
    }
}
