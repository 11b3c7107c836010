package dev.pollux.faults;

import dev.pollux.Task;
import dev.pollux.TaskId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * What one process of a load did, line by line in a file of its own, each line on disk before the process goes on. So it
 * says afterwards what the database must hold, whatever became of the process:
 *
 * <ul>
 *   <li>{@code push ID}: that task is about to be pushed
 *   <li>{@code pushed ID}: its push has completed
 *   <li>{@code run RUN ID ATTEMPT WORKER}: a handler has begun, under the lease that worker and attempt name
 *   <li>{@code empty RUN}: that run is to end without a result; others end with the run's id
 * </ul>
 */
final class Ledger implements AutoCloseable {

    private final FileChannel file;

    private Ledger(FileChannel file) {
        this.file = file;
    }

    /** Opens a ledger in a folder, to go on where it ends. */
    static Ledger open(Path folder, String name) throws IOException {
        return new Ledger(FileChannel.open(
                folder.resolve(name + ".ledger"), StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    }

    void pushing(Collection<TaskId> tasks) {
        write(lines("push ", tasks));
    }

    void pushed(Collection<TaskId> tasks) {
        write(lines("pushed ", tasks));
    }

    /** Notes that a handler begins; gives the run's id. */
    String run(Task<?> task) {
        String run = UUID.randomUUID().toString();
        String worker = Objects.requireNonNull(task.context().lockBy());
        write("run " + run + ' ' + task.id() + ' ' + task.attempt() + ' ' + worker + '\n');
        return run;
    }

    /** Notes that a run will give no result. */
    void empty(String run) {
        write("empty " + run + '\n');
    }

    private static String lines(String what, Collection<TaskId> tasks) {
        return tasks.stream().map(id -> what + id + '\n').collect(Collectors.joining());
    }

    /** Blocks until the disk has it. */
    private synchronized void write(String text) {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        try {
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
            file.force(false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
