package dev.pollux.bench;

import dev.pollux.Task;
import dev.pollux.r2dbc.LibsqlConnectionFactory;
import dev.pollux.replica.Replica;
import dev.pollux.replica.ReplicaConfig;
import dev.pollux.replica.SyncReport;
import dev.pollux.testing.DelayingProxy;
import dev.pollux.testing.Sqld;
import io.r2dbc.spi.ConnectionFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;

/**
 * Figure 11: the queue on a replica that syncs in the background with a server on the same machine, against the same file alone;
 * and how long it takes to send what was done offline.
 */
final class ReplicaFigures implements Suite {

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final Duration ONE_WAY = Duration.ofMillis(10);
    /** A round lasts for several of them. */
    private static final Duration SYNC_INTERVAL = Duration.ofSeconds(1);

    private static final int BUFFER = 500;
    private static final int CONCURRENCY = 64;
    private static final int IN_FLIGHT = 256;

    private final Path folder;
    private final Scale scale;
    private @Nullable Sqld sqld;
    private int lastFile;

    ReplicaFigures(Path folder, Scale scale) {
        this.folder = folder;
        this.scale = scale;
    }

    /** What is done with a queue whose worker is there already; gives what the figure measures. */
    private interface Use {
        double run(PolluxQueue queue) throws Exception;
    }

    @Override
    public List<Figure> figures() {
        int pushed = scale.of(600_000, 5_000);
        int drained = scale.of(200_000, 5_000);
        return List.of(
                figure(
                        "push " + IN_FLIGHT + " in flight",
                        queue -> Contender.rate(pushed, () -> queue.push(pushed, IN_FLIGHT))),
                figure("drain of " + Scale.text(drained) + " at buffer " + BUFFER, queue -> {
                    queue.pushAll(drained);
                    return Contender.rate(drained, () -> queue.drain(drained, CONCURRENCY));
                }),
                catchUp(scale.of(100_000, 10_000)));
    }

    private Figure figure(String name, Use use) {
        return Figure.of(
                "11 replica " + name,
                "tasks/s",
                true,
                List.of(
                        new Contender("syncing", () -> {
                            LibsqlConnectionFactory local = file();
                            LibsqlConnectionFactory remote =
                                    server(emptyServer().port());
                            Replica replica = Replica.over(
                                    local,
                                    remote,
                                    ReplicaConfig.builder()
                                            .syncInterval(SYNC_INTERVAL)
                                            .build());
                            double rate = run(replica, use);
                            replica.close()
                                    .then(remote.close())
                                    .then(local.close())
                                    .block(PATIENCE);
                            return new double[] {rate};
                        }),
                        new Contender("the file alone", () -> {
                            LibsqlConnectionFactory local = file();
                            double rate = run(local, use);
                            local.close().block(PATIENCE);
                            return new double[] {rate};
                        })));
    }

    private static double run(ConnectionFactory database, Use use) throws Exception {
        try (PolluxQueue queue = new PolluxQueue(database, BUFFER)) {
            Waiting worker = queue.poll().subscribeWith(new Waiting());
            try {
                return use.run(queue);
            } finally {
                worker.dispose();
            }
        }
    }

    /** A worker that is there, and asks for no task. */
    private static final class Waiting extends BaseSubscriber<Task<Mail>> {
        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            // Nothing is asked for.
        }
    }

    private Figure catchUp(int tasks) {
        return new Figure(
                "11 replica " + Scale.text(tasks) + " pushed and run offline, sent 20 ms away",
                List.of(new Measure("", "s"), new Measure("HTTP requests", "requests")),
                false,
                List.of(new Contender("one sync", () -> {
                    try (DelayingProxy far = new DelayingProxy(emptyServer().port(), ONE_WAY)) {
                        LibsqlConnectionFactory local = file();
                        LibsqlConnectionFactory remote = server(far.port());
                        Replica replica = Replica.over(
                                local,
                                remote,
                                ReplicaConfig.builder().background(false).build());
                        run(replica, queue -> {
                            queue.pushAll(tasks);
                            queue.drain(tasks, CONCURRENCY);
                            return 0;
                        });
                        long before = far.posts();
                        SyncReport report =
                                replica.sync().blockOptional(PATIENCE).orElseThrow();
                        replica.close().then(remote.close()).then(local.close()).block(PATIENCE);
                        if (report.unsent() != 0) {
                            throw new IllegalStateException("not all was sent: " + report);
                        }
                        return new double[] {report.took().toMillis() / 1000.0, far.posts() - before};
                    }
                })));
    }

    private LibsqlConnectionFactory file() {
        return LibsqlConnectionFactory.of("file:" + folder.resolve("replica-" + lastFile++ + ".db"));
    }

    private static LibsqlConnectionFactory server(int port) {
        return LibsqlConnectionFactory.of("http://127.0.0.1:" + port);
    }

    private Sqld emptyServer() {
        if (sqld == null) {
            sqld = Sqld.start();
        }
        sqld.reset();
        return sqld;
    }

    @Override
    public void close() throws IOException {
        if (sqld != null) {
            sqld.close();
        }
    }
}
