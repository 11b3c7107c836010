package dev.pollux.faults;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.StorageEvent;
import dev.pollux.StorageListener;
import dev.pollux.Worker;
import dev.pollux.r2dbc.LibsqlConnectionFactory;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * A program that pushes and runs tasks at full speed for a while, deletes those that are done, and prints what it takes
 * meanwhile: a {@link Sample} now and then, and at the end its {@link Totals}, when all is closed.
 */
public final class SoakProcess {

    /** How many tasks are pushed and not yet done. */
    private static final int AHEAD = 2_000;

    private static final int PUSHES = 256;
    private static final int PORTION = 5_000;
    private static final int HANDLERS = 64;
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(50);
    /** How the names of the library's threads begin. Those that Reactor and OkHttp share are not any database's. */
    private static final String OURS = "pollux-";

    private final LibsqlConnectionFactory database;
    private final Path log;
    private final AtomicLong pushed = new AtomicLong();
    private final AtomicLong runs = new AtomicLong();
    private final AtomicLong deleted = new AtomicLong();
    private final Sinks.Empty<Void> workerStopped = Sinks.empty();

    private SoakProcess(String url, Path log) {
        this.database = LibsqlConnectionFactory.of(url);
        this.log = log;
    }

    /**
     * What the process takes at one moment.
     *
     * @param heap bytes that are reachable
     * @param descriptors open files and sockets
     * @param log bytes of the write-ahead log, 0 if there is none here
     */
    record Sample(long heap, long descriptors, long log) {
        String text() {
            return "sample " + heap + ' ' + descriptors + ' ' + log;
        }

        static Sample of(String text) {
            long[] numbers = numbers(text);
            return new Sample(numbers[0], numbers[1], numbers[2]);
        }
    }

    /**
     * What became of all of it.
     *
     * @param pushed pushes that completed
     * @param runs how often the handler ran
     * @param done tasks that were done
     * @param threads threads that are left when all is closed
     */
    record Totals(long pushed, long runs, long done, int threads) {
        String text() {
            return "totals " + pushed + ' ' + runs + ' ' + done + ' ' + threads;
        }

        static Totals of(String text) {
            long[] numbers = numbers(text);
            return new Totals(numbers[0], numbers[1], numbers[2], (int) numbers[3]);
        }
    }

    private static long[] numbers(String text) {
        return Stream.of(text.split(" ", -1)).skip(1).mapToLong(Long::parseLong).toArray();
    }

    /** Takes the database's URL, the path of its write-ahead log, the seconds, and how many samples to take in them. */
    public static void main(String[] arguments) {
        Totals totals = new SoakProcess(arguments[0], Path.of(arguments[1]))
                .soak(Duration.ofSeconds(Long.parseLong(arguments[2])), Integer.parseInt(arguments[3]));
        int threads = Flux.interval(BETWEEN_LOOKS)
                .map(look -> left())
                .takeUntil(left -> left == 0)
                .take(PATIENCE)
                .last()
                .blockOptional()
                .orElseThrow();
        System.out.println(new Totals(totals.pushed(), totals.runs(), totals.done(), threads).text());
        System.exit(0);
    }

    private Totals soak(Duration length, int samples) {
        StorageListener whenStopped = event -> {
            if (event instanceof StorageEvent.WorkerStopped) {
                workerStopped.tryEmitEmpty().orThrow();
            }
        };
        LibsqlStorage<Work> storage = LibsqlStorage.create(
                database,
                Work.class,
                Config.builder("soak")
                        .listener(StorageListener.logging().and(whenStopped))
                        .build());
        storage.setup().block(PATIENCE);
        Sinks.Empty<Void> pushNoMore = Sinks.empty();
        Sinks.Empty<Void> workNoMore = Sinks.empty();
        Sinks.Many<Long> outcomes = Sinks.many().unicast().onBackpressureBuffer();
        Mono<Void> pushes = Flux.range(0, AHEAD)
                .map(i -> (long) i)
                .concatWith(outcomes.asFlux())
                .takeUntilOther(pushNoMore.asMono())
                .flatMap(
                        number -> storage.push(new Work("soak", number)).doOnSuccess(id -> pushed.incrementAndGet()),
                        PUSHES)
                .then()
                .cache();
        pushes.subscribe();
        storage.poll(Worker.named("soak"))
                .takeUntilOther(workNoMore.asMono())
                .transform(storage.lock())
                .flatMap(storage.ack(task -> Mono.fromSupplier(runs::incrementAndGet)), HANDLERS)
                .doOnNext(outcome -> outcomes.tryEmitNext(runs.get()))
                .subscribe();
        Flux.interval(length.dividedBy(samples))
                .onBackpressureDrop()
                .concatMap(tick -> delete(), 1)
                .doOnNext(all -> System.out.println(sample().text()))
                .take(samples)
                .blockLast(length.plus(PATIENCE));
        pushNoMore.tryEmitEmpty().orThrow();
        pushes.block(PATIENCE);
        Flux.interval(BETWEEN_LOOKS)
                .onBackpressureDrop()
                .concatMap(look -> delete(), 1)
                .takeUntil(done -> deleted.get() == pushed.get())
                .blockLast(PATIENCE);
        workNoMore.tryEmitEmpty().orThrow();
        workerStopped.asMono().block(PATIENCE);
        database.close().block(PATIENCE);
        return new Totals(pushed.get(), runs.get(), deleted.get(), 0);
    }

    /** Deletes what is done, a portion in each transaction: the log must hold the largest one. */
    private Mono<Long> delete() {
        return Flux.usingWhen(
                        database.create(),
                        connection -> Flux.from(connection
                                        .createStatement("DELETE FROM Jobs WHERE rowid IN"
                                                + " (SELECT rowid FROM Jobs WHERE status = 'Done' LIMIT " + PORTION
                                                + ")")
                                        .execute())
                                .concatMap(Result::getRowsUpdated)
                                .repeat()
                                .takeUntil(rows -> rows < PORTION),
                        Connection::close)
                .reduce(0L, Long::sum)
                .map(deleted::addAndGet);
    }

    private Sample sample() {
        System.gc();
        long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return new Sample(heap, descriptors.count(), Files.exists(log) ? Files.size(log) : 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int left() {
        return (int) Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(OURS))
                .count();
    }
}
