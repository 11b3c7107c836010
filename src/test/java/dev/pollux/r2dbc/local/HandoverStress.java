package dev.pollux.r2dbc.local;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/** A thing on its way to a subscriber that cancels. Run by {@code dev.pollux.faults.StressIT}. */
@JCStressTest
@Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "the subscriber has it")
@Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "it was freed")
@Outcome(
        id = "1, 1",
        expect = Expect.ACCEPTABLE,
        desc = "it was freed while the subscriber was given it, which may not use it then")
@Outcome(expect = Expect.FORBIDDEN, desc = "nobody has it and nobody freed it, or it was freed twice")
@State
public class HandoverStress {

    private final AtomicInteger freed = new AtomicInteger();
    private final AtomicInteger taken = new AtomicInteger();
    private final Handover<String> handover = new Handover<>(thing -> freed.incrementAndGet());
    private final BaseSubscriber<String> subscriber = new BaseSubscriber<>() {
        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            request(1);
        }

        @Override
        protected void hookOnNext(String thing) {
            taken.incrementAndGet();
        }
    };
    private MonoSink<String> sink;

    /** Subscribed, and nothing to be had yet. */
    @SuppressWarnings("NullAway.Init") // set while it is subscribed
    public HandoverStress() {
        handover.watch(Mono.<String>create(created -> sink = created)).subscribe(subscriber);
    }

    /** The thing comes. */
    @Actor
    public void deliver() {
        handover.offer("thing");
        sink.success("thing");
    }

    /** The subscriber cancels. */
    @Actor
    public void cancel() {
        subscriber.cancel();
    }

    /** Who has it. */
    @Arbiter
    public void look(II_Result result) {
        result.r1 = taken.get();
        result.r2 = freed.get();
    }
}
