package dev.pollux.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/** A program of the tests in a JVM of its own. It ends by itself when its standard input does. */
public final class ChildJvm implements AutoCloseable {

    private static final Path HERE = Path.of("").toAbsolutePath();
    private static final List<String> AS_USERS = List.of("--enable-native-access=ALL-UNNAMED");
    private static final List<String> LIGHT = List.of("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1");

    private static final List<String> SMALL =
            Stream.concat(LIGHT.stream(), Stream.of("-Xmx64m")).toList();

    private final Process process;
    private final BufferedReader printed;

    private ChildJvm(Process process) {
        this.process = process;
        this.printed = process.inputReader();
    }

    /** Starts a program that is measured, with the JVM as users have it. */
    public static ChildJvm start(Class<?> program, String... arguments) throws IOException {
        return start(AS_USERS, program, arguments);
    }

    /**
     * Starts a program as {@link #start} does, in a folder, where it may leave files, also those that others leave in
     * {@code java.io.tmpdir}. What it prints as errors is among what it prints.
     */
    public static ChildJvm startIn(Path folder, Class<?> program, String... arguments) throws IOException {
        List<String> options = Stream.concat(AS_USERS.stream(), Stream.of("-Djava.io.tmpdir=" + folder))
                .toList();
        return new ChildJvm(builder(folder, options, program, arguments)
                .redirectErrorStream(true)
                .start());
    }

    /** Starts a program whose speed does not matter, and that so starts sooner and leaves more of the cores to others. */
    public static ChildJvm startLight(Class<?> program, String... arguments) throws IOException {
        return start(LIGHT, program, arguments);
    }

    /** Starts a program as {@link #startLight} does, with a heap of 64 MiB. */
    public static ChildJvm startSmall(Class<?> program, String... arguments) throws IOException {
        return start(SMALL, program, arguments);
    }

    private static ChildJvm start(List<String> options, Class<?> program, String... arguments) throws IOException {
        return new ChildJvm(builder(HERE, options, program, arguments)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    private static ProcessBuilder builder(Path folder, List<String> options, Class<?> program, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).directory(folder.toFile());
    }

    /** The next line that it prints; null when it has ended. */
    public @Nullable String line() throws IOException {
        return printed.readLine();
    }

    /** The lines that it prints from now on; completes when it has ended. To be subscribed once. */
    public Flux<String> lines() {
        return Flux.fromStream(printed.lines()).subscribeOn(Schedulers.boundedElastic());
    }

    /** Writes a line to its standard input. */
    public void tell(String line) throws IOException {
        OutputStream input = process.getOutputStream();
        input.write((line + '\n').getBytes(StandardCharsets.UTF_8));
        input.flush();
    }

    /** Ends its standard input. */
    public void tellToStop() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends it at once, as {@code kill -9} does, and waits until it is gone. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Asks it to end, as service managers do by {@code SIGTERM}; its standard input stays open. */
    public void terminate() throws IOException, InterruptedException {
        Signals.send(process, "TERM");
    }

    /** Stops it, as {@code SIGSTOP} does: it does nothing any more, and does not know. */
    public void freeze() throws IOException, InterruptedException {
        Signals.send(process, "STOP");
    }

    /** Has it go on. */
    public void thaw() throws IOException, InterruptedException {
        Signals.send(process, "CONT");
    }

    /** Waits until it has ended; gives its exit code. */
    public int awaitExit(long seconds) throws InterruptedException {
        if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
            throw new IllegalStateException("process " + process.pid() + " does not end within " + seconds + " s");
        }
        return process.exitValue();
    }

    /** Tells it to stop, and kills it if it does not. */
    @Override
    public void close() {
        try {
            tellToStop();
        } catch (UncheckedIOException e) {
            // It has ended already.
        }
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
