package dev.pollux.faults;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** The queue's steps, by the SQL that a request holds. */
enum Step {
    SETUP("CREATE TABLE"),
    PUSH("INSERT INTO Jobs"),
    FETCH("ladder (step)"),
    LOCK("SET status = 'Running'"),
    ACK("outcome.value"),
    HEARTBEAT("INSERT INTO Workers"),
    /** A replica's talk with its remote. */
    SYNC("PolluxReplicas");

    /** Those that every storage takes. */
    static final Set<Step> OF_THE_QUEUE = Collections.unmodifiableSet(EnumSet.complementOf(EnumSet.of(SYNC)));

    private final String sql;

    Step(String sql) {
        this.sql = sql;
    }

    /** The steps in a request. */
    static Set<Step> in(String request) {
        Set<Step> steps = EnumSet.noneOf(Step.class);
        for (Step step : values()) {
            if (request.contains(step.sql)) {
                steps.add(step);
            }
        }
        return steps;
    }
}
