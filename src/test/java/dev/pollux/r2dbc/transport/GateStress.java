package dev.pollux.r2dbc.transport;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * One who is inside leaves, one who waits gives up, and one more comes after them. These are two racers, for no more
 * run on a machine of two cores. Run by {@code dev.pollux.faults.StressIT}.
 */
@JCStressTest
@Outcome(id = "0, 1, 0", expect = Expect.ACCEPTABLE, desc = "who gave up was not let in, and the gate is free")
@Outcome(id = "1, 1, 0", expect = Expect.ACCEPTABLE, desc = "who gave up had been let in, and the gate is free")
@Outcome(expect = Expect.FORBIDDEN, desc = "somebody waits for ever, or two were inside at once")
@State
public class GateStress {

    private final Gate gate = new Gate();
    private final AtomicBoolean left = new AtomicBoolean();
    private final AtomicInteger overlaps = new AtomicInteger();
    private final AtomicInteger letIn = new AtomicInteger();
    private final AtomicInteger came = new AtomicInteger();
    private final Gate.Turn first = gate.enter(turn -> {});
    private final Gate.Turn second = gate.enter(turn -> {
        letIn.incrementAndGet();
        overlaps.addAndGet(left.get() ? 0 : 1);
    });

    /** Who is inside leaves. */
    @Actor
    public void leave() {
        left.set(true);
        first.leave();
    }

    /** Who waits gives up. */
    @Actor
    public void giveUp() {
        second.leave();
    }

    /** One more comes: how often the one that gave up was let in, whether this one is, and how often two were inside. */
    @Arbiter
    public void come(III_Result result) {
        gate.enter(turn -> came.incrementAndGet());
        result.r1 = letIn.get();
        result.r2 = came.get();
        result.r3 = overlaps.get();
    }
}
