package dev.pollux.faults;

import dev.pollux.StorageEvent;
import dev.pollux.StorageListener;
import dev.pollux.testing.ChildJvm;
import io.r2dbc.spi.ConnectionFactories;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.reactivestreams.Publisher;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/**
 * A program that takes one part in a load until its standard input ends: it prints a line for each push that completed, or
 * for each outcome that was stored. It ends with 0 when it has left nothing behind.
 */
public final class LoadProcess {

    /** About 580 tasks a second, for one push of ten is a batch. */
    private static final Duration BETWEEN_PUSHES = Duration.ofMillis(5);

    private LoadProcess() {}

    /** Starts a process that pushes. A name and an incarnation must not be used twice. */
    static ChildJvm producer(String url, Path ledgers, String name, int incarnation) throws IOException {
        return ChildJvm.startLight(
                LoadProcess.class, "push", url, ledgers.toString(), name, String.valueOf(incarnation));
    }

    /** Starts a process that works. */
    static ChildJvm worker(String url, Path ledgers, String name) throws IOException {
        return ChildJvm.startLight(LoadProcess.class, "work", url, ledgers.toString(), name);
    }

    /** Takes what the two methods above give. */
    public static void main(String[] arguments) throws IOException {
        String name = arguments[3];
        Sinks.Empty<Void> stop = Sinks.empty();
        Sinks.Empty<Void> stopped = Sinks.empty();
        StorageListener whenStopped = event -> {
            if (event instanceof StorageEvent.WorkerStopped) {
                stopped.tryEmitEmpty().orThrow();
            }
        };
        Ledger ledger = Ledger.open(
                Path.of(arguments[2]), name + "-" + ProcessHandle.current().pid());
        Load load = Load.on(
                ConnectionFactories.get(arguments[1]),
                ledger,
                config -> config.listener(StorageListener.logging().and(whenStopped)));
        boolean pushes = arguments[0].equals("push");
        Publisher<?> lines = pushes
                ? load.push(name, numbers(Integer.parseInt(arguments[4])).takeUntilOther(stop.asMono()))
                : load.work(name, tasks -> tasks.takeUntilOther(stop.asMono()));
        Flux.from(lines)
                .doOnNext(System.out::println)
                .doFinally(end -> {
                    if (pushes) {
                        stopped.tryEmitEmpty().orThrow();
                    }
                })
                .subscribe(line -> {}, error -> {
                    LoggerFactory.getLogger(LoadProcess.class).error("the load ended", error);
                    System.exit(1);
                });
        while (System.in.read() >= 0) {
            // Until the parent closes it.
        }
        stop.tryEmitEmpty().orThrow();
        stopped.asMono().block(Duration.ofSeconds(60));
        System.exit(0);
    }

    private static Flux<Long> numbers(int incarnation) {
        return Flux.interval(BETWEEN_PUSHES).onBackpressureDrop().map(number -> incarnation * 1_000_000L + number);
    }
}
