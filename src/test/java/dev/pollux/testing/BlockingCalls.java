package dev.pollux.testing;

import reactor.blockhound.BlockHound;
import reactor.core.scheduler.Schedulers;

/** From here on a call that blocks a Reactor thread is an error in this JVM. */
public final class BlockingCalls {

    static {
        // A thread that waits for work while the watch is set up was not seen to begin to, so a wait for the lock of
        // its
        // queue would count as blocking and be the end of it. Threads that start later are seen.
        Schedulers.shutdownNow();
        BlockHound.builder()
                .loadIntegrations()
                // Cancelling a timer of Reactor's own scheduler takes the lock of its queue for a moment.
                .allowBlockingCallsInside("java.util.concurrent.ScheduledThreadPoolExecutor$DelayedWorkQueue", "remove")
                .install();
    }

    private BlockingCalls() {}

    /** Installs the watch, once: when this class is first used. */
    public static void forbid() {}
}
