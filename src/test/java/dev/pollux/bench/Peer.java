package dev.pollux.bench;

import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Another library's queue in a SQLite file of its own, with settings that are good for it there. */
interface Peer extends AutoCloseable {

    /** Opens one on a new file. */
    interface Kind {
        Peer open(Path file) throws Exception;
    }

    /** Adds a task; returns when it is committed. Any number of threads may do so at once. */
    void enqueue(Mail mail);

    /** Adds tasks by the library's own means for many. */
    void enqueueAll(Stream<Mail> mails);

    /** Starts to work, once. */
    void work(Consumer<Mail> handler);

    @Override
    void close();
}
