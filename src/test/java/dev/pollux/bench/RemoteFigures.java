package dev.pollux.bench;

import dev.pollux.testing.DelayingProxy;
import dev.pollux.testing.Sqld;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/** Figure 8: the queue on a libSQL server, 20 ms of round trip away, against the same server on loopback. */
final class RemoteFigures implements Suite {

    private static final Duration ONE_WAY = Duration.ofMillis(10);

    private final Scale scale;
    private @Nullable Server server;

    RemoteFigures(Scale scale) {
        this.scale = scale;
    }

    /** The server and the long way to it. */
    private record Server(Sqld sqld, DelayingProxy proxy) {

        static Server start() throws IOException {
            Sqld sqld = Sqld.start();
            return new Server(sqld, new DelayingProxy(sqld.port(), ONE_WAY));
        }
    }

    /**
     * What is done with a queue on an empty server.
     *
     * @param before how many tasks are there before
     * @param tasks how many it is done for
     */
    private record Job(int buffer, int before, int tasks, Consumer<PolluxQueue> doing) {

        static Job push(int tasks, Consumer<PolluxQueue> doing) {
            return new Job(10, 0, tasks, doing);
        }

        static Job drain(int buffer, int tasks, int concurrency) {
            return new Job(buffer, tasks, tasks, queue -> queue.drain(tasks, concurrency));
        }
    }

    @Override
    public List<Figure> figures() {
        int pushes = scale.of(20_000, 4_000);
        int tasks = scale.of(10_000, 2_000);
        int many = scale.of(100_000, 10_000);
        return List.of(
                figure("push 256 in flight", Job.push(pushes, queue -> queue.push(pushes, 256))),
                figure("pushAll of " + Scale.text(many), Job.push(many, queue -> queue.pushAll(many))),
                figure("drain of " + Scale.text(tasks) + " at buffer 100", Job.drain(100, tasks, 64)),
                figure("drain of " + Scale.text(tasks) + " at buffer 500", Job.drain(500, tasks, 64)),
                figure(
                        "drain of " + Scale.text(many) + " at 1,000 in flight, buffer 1,000",
                        Job.drain(1_000, many, 1_000)));
    }

    private Figure figure(String name, Job job) {
        return new Figure(
                "8 " + name,
                List.of(new Measure("", "tasks/s"), new Measure("HTTP requests", "requests")),
                true,
                List.of(
                        new Contender("20 ms away", () -> {
                            DelayingProxy proxy = emptyServer().proxy();
                            return run(job, proxy.port(), proxy::posts);
                        }),
                        new Contender(
                                "loopback", () -> run(job, emptyServer().sqld().port(), () -> Double.NaN))));
    }

    /** The rate, and what the counter of requests counts meanwhile. */
    private static double[] run(Job job, int port, DoubleSupplier requests) throws Exception {
        try (PolluxQueue queue = new PolluxQueue("r2dbc:libsql://127.0.0.1:" + port + "?tls=0", job.buffer())) {
            queue.pushAll(job.before());
            double before = requests.getAsDouble();
            double rate = Contender.rate(job.tasks(), () -> job.doing().accept(queue));
            return new double[] {rate, requests.getAsDouble() - before};
        }
    }

    private Server emptyServer() throws IOException {
        if (server == null) {
            server = Server.start();
        }
        server.sqld().reset();
        return server;
    }

    @Override
    public void close() throws IOException {
        if (server != null) {
            server.proxy().close();
            server.sqld().close();
        }
    }
}
