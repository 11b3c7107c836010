package dev.pollux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.testing.Events;
import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import dev.pollux.testing.TokenKey;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What users get wrong, and what they are told: what happened, where, and what to do. Payloads and secrets never show. */
class WrongInputIT {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Email SECRET = new Email("secret@example.com", "secret");

    @TempDir
    private Path folder;

    private final Events events = new Events();

    private LibsqlStorage<Email> storage(ConnectionFactory factory) {
        return LibsqlStorage.create(
                factory,
                Email.class,
                Config.builder("email")
                        .listener(events)
                        .drainTime(Duration.ZERO)
                        .build());
    }

    private LibsqlStorage<Email> storage(String url) {
        return storage(ConnectionFactories.get(url));
    }

    private String file() {
        return "r2dbc:libsql:file://" + folder.resolve("queue.db");
    }

    private static Throwable errorOf(Publisher<?> publisher) {
        return Flux.from(publisher)
                .then(Mono.<Throwable>empty())
                .onErrorResume(Mono::just)
                .blockOptional(PATIENCE)
                .orElseThrow(() -> new AssertionError("no error"));
    }

    @Test
    void aFileOpenedReadOnly() {
        storage(file()).setup().block(PATIENCE);
        LibsqlStorage<Email> readOnly = storage(file() + "?readOnly=true");

        assertThat(errorOf(readOnly.push(SECRET)))
                .isInstanceOf(LibsqlException.class)
                .hasMessageContaining("push (queue 'email', task ")
                .hasMessageContaining("queue.db")
                .hasMessageContaining("read-only")
                .hasMessageNotContaining("secret");
        assertThat(errorOf(readOnly.poll(Worker.named("w"))))
                .isInstanceOf(LibsqlException.class)
                .hasMessageContaining("queue 'email'")
                .hasMessageContaining("read-only");
    }

    @Test
    void aFileThatIsNoDatabase() throws Exception {
        Files.writeString(folder.resolve("queue.db"), "This is a letter, not a database. ".repeat(100));
        LibsqlStorage<Email> storage = storage(file());
        for (Publisher<?> use : Stream.<Publisher<?>>of(
                        storage.setup(), storage.push(SECRET), storage.poll(Worker.named("w")))
                .toList()) {
            assertThat(errorOf(use))
                    .isInstanceOf(LibsqlException.class)
                    .hasMessageContaining("queue.db")
                    .hasMessageContaining("not a SQLite database")
                    .hasMessageNotContaining("secret");
        }
    }

    @Test
    void aFolderThatIsNotThere() {
        assertThat(errorOf(storage("r2dbc:libsql:file://" + folder.resolve("missing/queue.db"))
                        .setup()))
                .isInstanceOf(LibsqlException.class)
                .hasMessageContaining("setup")
                .hasMessageContaining("missing");
    }

    /** SQLite's own limit on a file's pages gives the error of a full disk. */
    @Test
    void aFullDisk() {
        ConnectionFactory full = new FullAfterSetup(ConnectionFactories.get(file()));
        storage(file()).setup().block(PATIENCE);
        LibsqlStorage<byte[]> storage = storage(full).compact();

        assertThat(errorOf(storage.push(new byte[1_000_000])))
                .isInstanceOf(LibsqlException.class)
                .hasMessageContaining("push (queue 'email', task ")
                .hasMessageContaining("is full")
                .hasMessageContaining("free space");
    }

    /** Allows each connection no more pages than the file has. */
    private record FullAfterSetup(ConnectionFactory factory) implements ConnectionFactory {

        @Override
        public Publisher<? extends Connection> create() {
            return Mono.from(factory.create())
                    .flatMap(connection -> Flux.from(connection
                                    .createStatement("PRAGMA max_page_count = 1")
                                    .execute())
                            .concatMap(result -> result.map(row -> true))
                            .then(Mono.just(connection)));
        }

        @Override
        public ConnectionFactoryMetadata getMetadata() {
            return factory.getMetadata();
        }
    }

    @Test
    void aPayloadOverTheServersLimit() {
        Sqld.shared().reset();
        LibsqlStorage<Email> storage = storage(Sqld.shared().r2dbcUrl());
        storage.setup().block(PATIENCE);

        assertThat(errorOf(storage.push(new Email("secret", "x".repeat(6 << 20)))))
                .isInstanceOf(LibsqlException.class)
                .hasMessageContaining("push (queue 'email', task ")
                .hasMessageContaining("up to 5 MB")
                .hasMessageNotContaining("xxx");
        storage.push(Email.number(1)).block(PATIENCE);
    }

    @Test
    void anOversizedPayloadAmongOthersFailsAlone() {
        Sqld.shared().reset();
        LibsqlStorage<Email> storage = storage(Sqld.shared().r2dbcUrl());
        storage.setup().block(PATIENCE);

        Long failed = Flux.range(0, 50)
                .flatMap(
                        i -> storage.push(i == 20 ? new Email("big", "x".repeat(6 << 20)) : Email.number(i))
                                .thenReturn(0L)
                                .onErrorReturn(LibsqlException.class, 1L),
                        50)
                .reduce(0L, Long::sum)
                .block(PATIENCE);

        assertThat(failed).isEqualTo(1);
        assertThat(TestDatabase.at(Sqld.shared().r2dbcUrl()).number("SELECT count(*) FROM Jobs"))
                .isEqualTo(49);
    }

    @Test
    void aMissingAndAWrongToken() {
        TokenKey key = TokenKey.create();
        try (Sqld sqld = Sqld.start(key)) {
            String url = "127.0.0.1:" + sqld.port() + "?tls=0";
            assertThat(errorOf(storage("r2dbc:libsql://" + url).setup()))
                    .isInstanceOf(LibsqlException.class)
                    .hasMessageContaining("token");
            assertThat(errorOf(storage("r2dbc:libsql://user:c2VjcmV0@" + url).poll(Worker.named("w"))))
                    .isInstanceOf(LibsqlException.class)
                    .hasMessageContaining("token")
                    .hasMessageNotContaining("c2VjcmV0");
        }
    }

    @Test
    void aServerThatIsNotThere() {
        LibsqlStorage<Email> storage = LibsqlStorage.create(
                ConnectionFactories.get("r2dbc:libsql://127.0.0.1:1?tls=0"),
                Email.class,
                Config.builder("email")
                        .keepAlive(Duration.ofMillis(200))
                        .listener(events)
                        .build());
        assertThat(errorOf(storage.push(SECRET)))
                .isInstanceOf(LibsqlException.class)
                .hasMessageContaining("queue 'email'")
                .hasMessageContaining("127.0.0.1:1");
        assertThat(events.of(StorageEvent.Fault.class)).hasSizeGreaterThan(1);
    }

    @Test
    void anUnknownSchemeOrOption() {
        assertThatThrownBy(() -> storage("r2dbc:libsql:ftp://host/x")).hasMessageContaining("ftp");
        assertThatThrownBy(() -> storage(file() + "?colour=blue")).hasMessageContaining("colour");
    }
}
