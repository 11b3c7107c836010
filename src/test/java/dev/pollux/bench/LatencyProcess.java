package dev.pollux.bench;

import dev.pollux.testing.ChildJvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;

/** A program that works on a queue with the default settings, and prints which mail it began to handle, and when. */
public final class LatencyProcess {

    private LatencyProcess() {}

    /** Takes the R2DBC URL. */
    public static void main(String[] arguments) throws IOException {
        new PolluxQueue(arguments[0])
                .work(1, mail -> System.out.println(mail.number() + " " + Starts.now()))
                .subscribe();
        while (System.in.read() >= 0) {
            // Until the parent closes it.
        }
        System.exit(0);
    }

    /** The process that pushes to it. */
    static final class Parent implements AutoCloseable {

        private static final Duration PATIENCE = Duration.ofSeconds(60);

        private final PolluxQueue queue;
        private final ChildJvm child;

        Parent(String url) throws IOException {
            queue = new PolluxQueue(url);
            child = ChildJvm.start(LatencyProcess.class, url);
        }

        /** The percentiles of {@link Starts#idle}. */
        double[] round(int tasks, Duration pause) throws Exception {
            Starts starts = new Starts(tasks);
            Thread reader = new Thread(() -> read(starts, tasks), "latency-reader");
            reader.start();
            double[] percentiles = starts.idle(mail -> queue.push(mail).block(PATIENCE), pause, PATIENCE);
            reader.join();
            return percentiles;
        }

        private void read(Starts starts, int lines) {
            try {
                for (int i = 0; i < lines; i++) {
                    String line = child.line();
                    if (line == null) {
                        return;
                    }
                    int space = line.indexOf(' ');
                    starts.handled(
                            Integer.parseInt(line, 0, space, 10), Long.parseLong(line, space + 1, line.length(), 10));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() throws IOException {
            child.close();
        }
    }
}
