package dev.pollux.bench;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.serializer.Serializer;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;

/**
 * db-scheduler. It polls as often as Pollux does by default, and at once when the same process schedules something; it
 * fetches and then picks each task, for the other way is for databases with row locks. Its
 * connection does not commit by itself: otherwise each task of a batch would be committed alone. Its payloads are JSON.
 * Its indexes are those of its own script for SQLite.
 */
final class DbSchedulerPeer implements Peer {

    private static final int CONNECTIONS = 1;
    private static final int THREADS = 16;
    private static final String[] TABLE = {
        "CREATE TABLE scheduled_tasks (task_name TEXT NOT NULL, task_instance TEXT NOT NULL, task_data BLOB,"
                + " execution_time TIMESTAMP NOT NULL, picked BOOLEAN NOT NULL, picked_by TEXT, last_success TIMESTAMP,"
                + " last_failure TIMESTAMP, consecutive_failures INT, last_heartbeat TIMESTAMP, version BIGINT NOT NULL,"
                + " priority SMALLINT, PRIMARY KEY (task_name, task_instance))",
        "CREATE INDEX execution_time_idx ON scheduled_tasks (execution_time)",
        "CREATE INDEX last_heartbeat_idx ON scheduled_tasks (last_heartbeat)",
        "CREATE INDEX priority_execution_time_idx ON scheduled_tasks (priority DESC, execution_time ASC)"
    };

    private final HikariDataSource database;
    private volatile Consumer<Mail> handling = mail -> {};
    private final OneTimeTask<Mail> task =
            Tasks.oneTime("mail", Mail.class).execute((instance, context) -> handling.accept(instance.getData()));
    private final AtomicLong lastId = new AtomicLong();
    private final Scheduler scheduler;

    DbSchedulerPeer(Path file) throws SQLException {
        database = PeerDatabase.open(file, CONNECTIONS, false);
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            for (String sql : TABLE) {
                statement.execute(sql);
            }
            connection.commit();
        }
        scheduler = Scheduler.create(database, task)
                .serializer(new Json())
                .commitWhenAutocommitDisabled(true)
                .threads(THREADS)
                .pollingInterval(Duration.ofMillis(100))
                .pollUsingFetch(0.5, 4.0)
                .enableImmediateExecution()
                .shutdownMaxWait(Duration.ofSeconds(1))
                .build();
    }

    private record Json(JsonMapper mapper) implements Serializer {

        Json() {
            this(new JsonMapper());
        }

        @Override
        public byte[] serialize(Object data) {
            return mapper.writeValueAsBytes(data);
        }

        @Override
        public <T> T deserialize(Class<T> type, byte[] bytes) {
            return mapper.readValue(bytes, type);
        }
    }

    private TaskInstance<Mail> instance(Mail mail) {
        return task.instance(String.valueOf(lastId.incrementAndGet()), mail);
    }

    @Override
    public void enqueue(Mail mail) {
        scheduler.schedule(instance(mail), Instant.now());
    }

    @Override
    public void enqueueAll(Stream<Mail> mails) {
        scheduler.scheduleBatch(mails.map(this::instance), Instant.now());
    }

    @Override
    public void work(Consumer<Mail> handler) {
        handling = handler;
        scheduler.start();
    }

    @Override
    public void close() {
        scheduler.stop();
        database.close();
    }
}
