package dev.pollux.bench;

import com.sun.management.ThreadMXBean;
import dev.pollux.testing.ChildJvm;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A program that pushes tasks into a new file and drains them, and prints what it used of memory and disk. */
public final class MemoryProcess {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private MemoryProcess() {}

    /** Takes the file and the number of tasks. Prints four lines, as {@link #measures} has them. */
    public static void main(String[] arguments) throws Exception {
        Path file = Path.of(arguments[0]);
        int tasks = Integer.parseInt(arguments[1]);
        PolluxQueue queue = new PolluxQueue("r2dbc:libsql:file://" + file, 500);
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

    /** By all threads; those that do the work live on. */
    private static long allocated() {
        long sum = 0;
        for (long bytes : THREADS.getThreadAllocatedBytes(THREADS.getAllThreadIds())) {
            sum += Math.max(0, bytes);
        }
        return sum;
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
