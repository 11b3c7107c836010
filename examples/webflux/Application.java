package webflux;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.StorageListener;
import dev.pollux.r2dbc.LibsqlConnectionFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * Takes emails by HTTP, and sends them by a queue.
 *
 * <pre>
 * mvn -q compile exec:java -Dexec.mainClass=webflux.Application       emails.db in the working directory
 *     -Dexec.args="--pollux.url=libsql://host --pollux.token=..."     a libSQL server
 * </pre>
 */
@SpringBootApplication(proxyBeanMethods = false)
@EnableConfigurationProperties(PolluxProperties.class)
public class Application {

    /** Runs until the process is told to stop. */
    public static void main(String[] args) {
        SpringApplication.run(Application.class, args);
    }

    @Bean
    LibsqlConnectionFactory connectionFactory(PolluxProperties properties) {
        return properties.connectionFactory();
    }

    /** The queue, with its tables set up. */
    @Bean
    LibsqlStorage<Email> storage(
            LibsqlConnectionFactory connectionFactory, PolluxProperties properties, QueueEvents events) {
        Config config = Config.builder(properties.queue())
                .bufferSize(properties.concurrency())
                .drainTime(properties.drainTime())
                .listener(StorageListener.logging().and(events))
                .build();
        LibsqlStorage<Email> storage = LibsqlStorage.create(connectionFactory, Email.class, config);
        // The one place that blocks: the start of the application, which has nothing to do without its tables.
        storage.setup().block();
        return storage;
    }
}
