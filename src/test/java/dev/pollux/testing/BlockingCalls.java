package dev.pollux.testing;

import reactor.blockhound.BlockHound;

/** From here on a call that blocks a Reactor thread is an error in this JVM. */
public final class BlockingCalls {

    private BlockingCalls() {}

    /** Installs BlockHound, once. */
    public static void forbid() {
        BlockHound.builder()
                .loadIntegrations()
                // Cancelling a timer of Reactor's own scheduler takes the lock of its queue for a moment.
                .allowBlockingCallsInside("java.util.concurrent.ScheduledThreadPoolExecutor$DelayedWorkQueue", "remove")
                .install();
    }
}
