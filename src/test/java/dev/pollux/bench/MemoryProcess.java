package dev.pollux.bench;

import com.sun.management.ThreadMXBean;
import dev.pollux.testing.ChildJvm;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import reactor.core.publisher.Flux;

/** A program that pushes tasks into a new file and drains them, and prints what it used of memory and disk. */
public final class MemoryProcess {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** What each thread has allocated so far, also if it has ended since. */
    private static final Map<Long, Long> ALLOCATED = new ConcurrentHashMap<>();

    private MemoryProcess() {}

    /** Takes the file and the number of tasks. Prints four lines, as {@link #measures} has them. */
    public static void main(String[] arguments) throws Exception {
        Path file = Path.of(arguments[0]);
        int tasks = Integer.parseInt(arguments[1]);
        PolluxQueue queue = new PolluxQueue("r2dbc:libsql:file://" + file, 500);
        // A thread that works no more lives on for seconds, so that no byte of it is missed.
        Flux.interval(Duration.ofMillis(500)).subscribe(tick -> allocated());
        long start = allocated();
        queue.pushAll(tasks);
        long pushed = allocated();
        queue.drain(tasks, 64);
        long drained = allocated();
        System.gc();
        double heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        System.out.println(heap / (1 << 20));
        System.out.println(1.0 * (pushed - start) / tasks);
        System.out.println(1.0 * (drained - pushed) / tasks);
        System.out.println(1.0 * Files.size(file) / tasks);
        System.exit(0);
    }

    private static long allocated() {
        long[] ids = THREADS.getAllThreadIds();
        long[] bytes = THREADS.getThreadAllocatedBytes(ids);
        for (int i = 0; i < ids.length; i++) {
            ALLOCATED.merge(ids[i], bytes[i], Math::max);
        }
        return ALLOCATED.values().stream().mapToLong(Long::longValue).sum();
    }

    static List<Measure> measures() {
        return List.of(
                new Measure("heap in use", "MiB"),
                new Measure("allocated by a push", "bytes/task"),
                new Measure("allocated by the drain", "bytes/task"),
                new Measure("on disk", "bytes/task"));
    }

    static Contender contender(Path folder, int tasks) {
        return new Contender("Pollux", false, () -> {
            Path file = Files.createTempDirectory(folder, "memory").resolve("queue.db");
            List<Double> values = new ArrayList<>();
            try (ChildJvm child = ChildJvm.start(MemoryProcess.class, file.toString(), String.valueOf(tasks))) {
                for (String line = child.line(); line != null; line = child.line()) {
                    values.add(Double.valueOf(line));
                }
            }
            Files.delete(file);
            return values.stream().mapToDouble(Double::doubleValue).toArray();
        });
    }
}
