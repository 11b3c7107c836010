package dev.pollux.faults;

import dev.pollux.StorageEvent;
import dev.pollux.StorageListener;
import dev.pollux.testing.ChildJvm;
import io.r2dbc.spi.ConnectionFactories;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/**
 * A program that takes one part in a load. It prints {@link #ONE_MORE} for each push that completed or, if it works,
 * for each outcome that was stored. A line on its standard input ends its pushes, and it prints {@link #PUSHED_ALL}
 * when the last has completed; the end of its input, or a signal, ends all of it. It exits when it has left nothing
 * behind.
 */
public final class LoadProcess {

    static final String ONE_MORE = "one more";
    static final String PUSHED_ALL = "pushed all";

    /** About 580 tasks a second, for one push of ten is a batch. */
    private static final Duration BETWEEN_PUSHES = Duration.ofMillis(5);
    /** How many tasks one that pushes as many as it runs is ahead by. */
    private static final int AHEAD = 64;
    /** Longer than a process that shares its machine and its server with many others is ever kept from beating. */
    private static final Duration CROWDED_ORPHANED_AFTER = Duration.ofSeconds(15);
    /** More than the drain time. */
    private static final Duration GOODBYE = Duration.ofSeconds(60);

    /** What a process does. */
    enum Part {
        /** Pushes at a steady rate. */
        PUSHES,
        WORKS,
        /** Works, and pushes a task for each outcome, as fast as it goes. */
        BOTH
    }

    private final Part part;
    private final String name;
    private final long incarnation;
    private final Load load;
    private final Sinks.Empty<Void> pushNoMore = Sinks.empty();
    private final Sinks.Empty<Void> workNoMore = Sinks.empty();
    private final CountDownLatch over;

    private LoadProcess(Part part, String url, Path ledgers, String name, long incarnation) throws IOException {
        this.part = part;
        this.name = name;
        this.incarnation = incarnation;
        // Its worker, if it has one, has stopped, and its last push has ended, if it pushes.
        this.over = new CountDownLatch(part == Part.BOTH ? 2 : 1);
        StorageListener whenStopped = event -> {
            if (event instanceof StorageEvent.WorkerStopped) {
                over.countDown();
            }
        };
        Ledger ledger =
                Ledger.open(ledgers, name + "-" + ProcessHandle.current().pid());
        this.load = Load.on(
                ConnectionFactories.get(url),
                ledger,
                config -> config.reenqueueOrphanedAfter(
                                part == Part.BOTH ? CROWDED_ORPHANED_AFTER : Load.ORPHANED_AFTER)
                        .listener(StorageListener.logging().and(whenStopped)));
    }

    /** Starts a process. A name and an incarnation must not be used twice. */
    static ChildJvm start(Part part, String url, Path ledgers, String name, int incarnation) throws IOException {
        List<String> arguments = List.of(part.name(), url, ledgers.toString(), name, String.valueOf(incarnation));
        return ChildJvm.startLight(LoadProcess.class, arguments.toArray(String[]::new));
    }

    /** Takes what the method above gives. */
    public static void main(String[] arguments) throws IOException {
        new LoadProcess(
                        Part.valueOf(arguments[0]),
                        arguments[1],
                        Path.of(arguments[2]),
                        arguments[3],
                        Integer.parseInt(arguments[4]))
                .run();
    }

    private void run() throws IOException {
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "stop"));
        Sinks.Many<Integer> outcomes = Sinks.many().unicast().onBackpressureBuffer();
        if (part != Part.WORKS) {
            Flux<Long> numbers = part == Part.PUSHES
                    ? Flux.interval(BETWEEN_PUSHES).onBackpressureDrop()
                    : Flux.range(0, AHEAD).concatWith(outcomes.asFlux()).index((i, tick) -> Load.single(i));
            load.push(
                            name,
                            numbers.map(number -> incarnation * 1_000_000L + number)
                                    .takeUntilOther(pushNoMore.asMono()))
                    .doOnNext(size -> {
                        if (part == Part.PUSHES) {
                            System.out.println(ONE_MORE);
                        }
                    })
                    .doOnTerminate(() -> {
                        System.out.println(PUSHED_ALL);
                        over.countDown();
                    })
                    .subscribe(size -> {}, LoadProcess::fail);
        }
        if (part != Part.PUSHES) {
            load.work(name, tasks -> tasks.takeUntilOther(workNoMore.asMono()))
                    .doOnNext(outcome -> {
                        System.out.println(ONE_MORE);
                        outcomes.tryEmitNext(1);
                    })
                    .subscribe(outcome -> {}, LoadProcess::fail);
        }
        for (int read = System.in.read(); read >= 0; read = System.in.read()) {
            pushNoMore.tryEmitEmpty();
        }
        System.exit(0);
    }

    private void stop() {
        pushNoMore.tryEmitEmpty();
        workNoMore.tryEmitEmpty();
        try {
            if (!over.await(GOODBYE.toSeconds(), TimeUnit.SECONDS)) {
                fail(new IllegalStateException("it does not end within " + GOODBYE));
            }
        } catch (InterruptedException e) {
            fail(e);
        }
    }

    private static void fail(Throwable error) {
        LoggerFactory.getLogger(LoadProcess.class).error("the load ended", error);
        Runtime.getRuntime().halt(1);
    }
}
