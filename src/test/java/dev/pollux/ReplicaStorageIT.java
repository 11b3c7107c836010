package dev.pollux;

import dev.pollux.r2dbc.LibsqlConnectionFactory;
import dev.pollux.replica.Replica;
import dev.pollux.replica.ReplicaConfig;
import dev.pollux.testing.TestDatabase;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** On a replica's file, the queue is what it is on any other; here it has no network. */
class ReplicaStorageIT extends StorageContract {

    @TempDir
    private Path folder;

    private final List<Replica> replicas = new CopyOnWriteArrayList<>();

    @Override
    TestDatabase emptyDatabase() {
        return TestDatabase.of(() -> {
            Replica replica = Replica.over(
                    LibsqlConnectionFactory.of("file:" + folder.resolve("queue.db")),
                    LibsqlConnectionFactory.of("http://127.0.0.1:1"),
                    ReplicaConfig.builder().background(false).build());
            replicas.add(replica);
            return replica;
        });
    }

    @AfterEach
    void closeReplicas() {
        replicas.forEach(replica -> replica.close().block(PATIENCE));
    }
}
