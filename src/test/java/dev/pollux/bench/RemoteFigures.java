package dev.pollux.bench;

import dev.pollux.testing.Sqld;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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

    /** What is done with a queue on an empty server, and its rate. */
    private interface Job {
        double rate(PolluxQueue queue) throws Exception;
    }

    @Override
    public List<Figure> figures() {
        int pushes = scale.of(20_000, 4_000);
        int many = scale.of(100_000, 10_000);
        int tasks = scale.of(20_000, 4_000);
        List<Figure> figures = new ArrayList<>();
        figures.add(figure("8 push 256 in flight", 10, queue -> Contender.rate(pushes, () -> queue.push(pushes, 256))));
        figures.add(figure(
                "8 pushAll of " + Scale.text(many), 10, queue -> Contender.rate(many, () -> queue.pushAll(many))));
        for (int buffer : List.of(100, 500)) {
            figures.add(figure(
                    "8 drain of " + Scale.text(tasks) + " at buffer " + buffer,
                    buffer,
                    queue -> drain(queue, tasks, 64)));
        }
        figures.add(figure(
                "8 drain of " + Scale.text(many) + " at 1,000 in flight, buffer 1,000",
                1_000,
                queue -> drain(queue, many, 1_000)));
        return figures;
    }

    private static double drain(PolluxQueue queue, int tasks, int concurrency) throws Exception {
        queue.pushAll(tasks);
        return Contender.rate(tasks, () -> queue.drain(tasks, concurrency));
    }

    private Figure figure(String name, int buffer, Job job) {
        return new Figure(
                name,
                List.of(new Measure("", "tasks/s"), new Measure("HTTP requests", "requests")),
                true,
                List.of(
                        new Contender("20 ms away", () -> far(buffer, job)),
                        new Contender("loopback", () -> near(buffer, job))));
    }

    private double[] far(int buffer, Job job) throws Exception {
        DelayingProxy proxy = emptyServer().proxy();
        try (PolluxQueue queue = queue(proxy.port(), buffer)) {
            long before = proxy.posts();
            double rate = job.rate(queue);
            return new double[] {rate, proxy.posts() - before};
        }
    }

    private double[] near(int buffer, Job job) throws Exception {
        try (PolluxQueue queue = queue(emptyServer().sqld().port(), buffer)) {
            return new double[] {job.rate(queue)};
        }
    }

    private Server emptyServer() throws IOException {
        if (server == null) {
            server = Server.start();
        }
        server.sqld().reset();
        return server;
    }

    private static PolluxQueue queue(int port, int buffer) {
        return new PolluxQueue("r2dbc:libsql://127.0.0.1:" + port + "?tls=0", buffer);
    }

    @Override
    public void close() throws IOException {
        if (server != null) {
            server.proxy().close();
            server.sqld().close();
        }
    }
}
