package dev.pollux.bench;

import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jobrunr.jobs.lambdas.JobRequest;
import org.jobrunr.jobs.lambdas.JobRequestHandler;
import org.jobrunr.jobs.mappers.JobMapper;
import org.jobrunr.scheduling.JobRequestScheduler;
import org.jobrunr.server.BackgroundJobServer;
import org.jobrunr.server.BackgroundJobServerConfiguration;
import org.jobrunr.server.JobActivator;
import org.jobrunr.storage.sql.sqlite.SqLiteStorageProvider;
import org.jobrunr.utils.mapper.jackson3.Jackson3JsonMapper;
import org.jspecify.annotations.Nullable;

/**
 * JobRunr. Job requests rather than lambdas, which it would analyse at each call. It polls every 5 s, the least it
 * allows on SQL databases, and at once whenever a worker is free while jobs are coming in.
 */
final class JobRunrPeer implements Peer {

    private static final int CONNECTIONS = 8;
    private static final int WORKERS = 64;

    private final HikariDataSource database;
    private final SqLiteStorageProvider storage;
    private final Jackson3JsonMapper json = new Jackson3JsonMapper();
    private final JobRequestScheduler scheduler;
    private @Nullable BackgroundJobServer server;

    JobRunrPeer(Path file) {
        database = PeerDatabase.open(file, CONNECTIONS, true);
        storage = new SqLiteStorageProvider(database);
        storage.setJobMapper(new JobMapper(json));
        scheduler = new JobRequestScheduler(storage);
    }

    /** A mail as JobRunr wants it. */
    public record Request(String to, String subject) implements JobRequest {

        @Override
        public Class<Handler> getJobRequestHandler() {
            return Handler.class;
        }
    }

    /** Hands a request to what handles mails. */
    public record Handler(Consumer<Mail> mails) implements JobRequestHandler<Request> {

        @Override
        public void run(Request request) {
            mails.accept(new Mail(request.to(), request.subject()));
        }
    }

    private static Request request(Mail mail) {
        return new Request(mail.to(), mail.subject());
    }

    @Override
    public void enqueue(Mail mail) {
        scheduler.enqueue(request(mail));
    }

    @Override
    public void enqueueAll(Stream<Mail> mails) {
        scheduler.enqueue(mails.map(JobRunrPeer::request));
    }

    @Override
    public void work(Consumer<Mail> handler) {
        Handler only = new Handler(handler);
        JobActivator activator = new JobActivator() {
            @Override
            public <T> T activateJob(Class<T> type) {
                return type.cast(only);
            }
        };
        BackgroundJobServer made = new BackgroundJobServer(
                storage,
                json,
                activator,
                BackgroundJobServerConfiguration.usingStandardBackgroundJobServerConfiguration()
                        .andPollInterval(Duration.ofSeconds(5))
                        .andWorkerCount(WORKERS));
        server = made;
        made.start();
    }

    @Override
    public void close() {
        if (server != null) {
            server.stop();
        }
        storage.close();
        database.close();
    }
}
