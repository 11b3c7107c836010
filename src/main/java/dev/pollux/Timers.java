package dev.pollux;

import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** Where the queue's timers are: not on the parallel threads, one of which a handler may keep for as long as it likes. */
final class Timers {

    private Timers() {}

    /** For tasks that take no time and call nobody's code; virtual time can drive it. */
    static Scheduler scheduler() {
        return Schedulers.single();
    }
}
