package twoprocesses;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.r2dbc.LibsqlConnectionFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What both processes agree on: the file, the queue's name and the payload.
 *
 * @param file where the queue is
 * @param messages how many messages a process pushes or takes before it ends
 */
record SharedQueue(Path file, int messages) {

    static SharedQueue of(String... args) throws IOException {
        Path file = args.length > 0 ? Path.of(args[0]) : Path.of("target", "twoprocesses.db");
        if (file.getParent() != null) {
            Files.createDirectories(file.getParent());
        }
        return new SharedQueue(file, args.length > 1 ? Integer.parseInt(args[1]) : 20);
    }

    LibsqlStorage<Message> storage(Config.Builder config) {
        return LibsqlStorage.create(LibsqlConnectionFactory.of("file:" + file), Message.class, config.build());
    }

    static Config.Builder config() {
        return Config.builder("messages");
    }
}
