package dev.pollux.testing;

import reactor.blockhound.BlockHound;

/**
 * From here on a call that blocks a Reactor thread is an error in this JVM. To be called before the first such thread
 * starts: one that waits for work already was not seen to begin to, and a wait for the lock of its queue would be the end of
 * it. So the tests that call this have a JVM of their own (see the build).
 */
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
