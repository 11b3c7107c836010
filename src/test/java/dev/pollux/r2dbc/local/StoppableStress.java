package dev.pollux.r2dbc.local;

import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** Work that is stopped while it begins or ends. Run by {@code dev.pollux.faults.StressIT}. */
@JCStressTest
@Outcome(id = "0, 0, 0", expect = Expect.ACCEPTABLE, desc = "the stop came before the work")
@Outcome(id = "1, 0, 0", expect = Expect.ACCEPTABLE, desc = "the stop came after the work")
@Outcome(id = "., 1, 0", expect = Expect.ACCEPTABLE, desc = "the work was interrupted")
@Outcome(expect = Expect.FORBIDDEN, desc = "the connection's next work would be interrupted")
@State
public class StoppableStress {

    private final AtomicInteger interrupts = new AtomicInteger();
    private final AtomicInteger strays = new AtomicInteger();
    private final AtomicBoolean over = new AtomicBoolean();
    private final AtomicInteger ran = new AtomicInteger();
    private final Stoppable stoppable = new Stoppable(() -> (over.get() ? strays : interrupts).incrementAndGet());

    /** The work. */
    @Actor
    public void work() {
        try {
            stoppable.run(ran::incrementAndGet);
        } catch (SQLException e) {
            // It was stopped before it began.
        }
        over.set(true);
    }

    /** The stop. */
    @Actor
    public void stop() {
        stoppable.stop(Stoppable.Reason.CANCELLED);
    }

    /** Whether it ran, whether it was interrupted, which is repeated until it notices, and how often when it was over. */
    @Arbiter
    public void look(III_Result result) {
        result.r1 = ran.get();
        result.r2 = Math.min(1, interrupts.get());
        result.r3 = strays.get();
    }
}
