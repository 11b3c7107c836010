package dev.pollux.r2dbc.local;

import reactor.blockhound.BlockHound;
import reactor.blockhound.integration.BlockHoundIntegration;

/**
 * Tells BlockHound, where an application uses it, at which points the threads of a local database may block: while they
 * call SQLite, and while they have nothing to do. A subscriber that blocks one of them is an error, as on any of Reactor's.
 * BlockHound finds this class by itself.
 *
 * @see <a href="https://github.com/reactor/BlockHound/blob/master/docs/custom_integrations.md">BlockHound, custom
 *     integrations</a>
 */
public final class BlockHoundRules implements BlockHoundIntegration {

    /** For the service loader. */
    public BlockHoundRules() {}

    @Override
    public void applyTo(BlockHound.Builder builder) {
        builder.allowBlockingCallsInside(SessionThreads.class.getName(), "perform")
                .allowBlockingCallsInside(SessionThreads.class.getName(), "park")
                .allowBlockingCallsInside(Spin.class.getName(), "look");
    }
}
