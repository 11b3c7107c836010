package dev.pollux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import io.r2dbc.spi.ConnectionFactories;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

class SqldStorageIT extends StorageContract {

    @Override
    TestDatabase emptyDatabase() {
        Sqld.shared().reset();
        return TestDatabase.at(url());
    }

    private static String url() {
        return "r2dbc:libsql://127.0.0.1:" + Sqld.shared().port() + "?tls=0";
    }

    /** The server leases what a fetch asks for, and then cannot send an answer of over 10 MB. */
    @Test
    void tasksTooLargeForOneAnswerComeInSmallerPortions() {
        Config config = Config.builder("email")
                .bufferSize(30)
                .drainTime(Duration.ZERO)
                .listener(events)
                .build();
        LibsqlStorage<Email> storage = LibsqlStorage.create(ConnectionFactories.get(url()), Email.class, config);
        String text = "x".repeat(1_500_000);
        Flux.range(0, 20)
                .concatMap(i -> storage.push(new Email("large" + i, text)))
                .blockLast(Duration.ofSeconds(60));

        List<Outcome<String>> outcomes = storage.poll(Worker.named("large"))
                .flatMap(storage.<String>ack(task -> Mono.just(task.args().to())), 30)
                .take(20)
                .collectList()
                .blockOptional(Duration.ofSeconds(60))
                .orElseThrow();

        assertThat(outcomes).extracting(Outcome::value).doesNotHaveDuplicates().hasSize(20);
        assertThat(events.of(StorageEvent.Fault.class)).isNotEmpty();
    }
}
