package dev.pollux;

/**
 * One holding of a task by a worker. The worker and the attempts are the fence: an ack and a sweep change the attempts or
 * end the task, so nobody who comes late can match it. A release changes neither: who has given a task back must not
 * acknowledge it, for the same worker may have it again.
 */
record Lease(TaskId task, String worker, int attempts) {

    /** The lease that a fetched task was given under. */
    static Lease of(Task<?> task) {
        String worker = task.context().lockBy();
        if (worker == null) {
            throw new IllegalArgumentException("task " + task.id().shown() + " in queue "
                    + Texts.shown(task.context().queue())
                    + " is not leased: lock and ack take tasks that poll emitted");
        }
        return new Lease(task.id(), worker, task.attempts());
    }

    /** What the statements compare the row with: the attempts, a blank and the worker, of which only the last has blanks. */
    String fence() {
        return attempts + " " + worker;
    }
}
