package dev.pollux.r2dbc.local;

import static dev.pollux.r2dbc.local.Database.WAIT;
import static dev.pollux.r2dbc.local.Database.value;
import static dev.pollux.r2dbc.local.Database.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

class OpeningTest {

    @TempDir
    Path folder;

    private LocalOptions.Builder file() {
        return LocalOptions.file(folder.resolve("test.db"));
    }

    private static void withSession(LocalOptions options, java.util.function.Consumer<Session> body) {
        try (Database database = new Database(options)) {
            body.accept(database.open());
        }
    }

    @Test
    void theDefaultsAreSafe() {
        withSession(file().build(), session -> {
            assertThat(value(session, "PRAGMA journal_mode")).isEqualTo("wal");
            assertThat(value(session, "PRAGMA synchronous")).isEqualTo(2L);
            assertThat(value(session, "PRAGMA foreign_keys")).isEqualTo(1L);
            assertThat(value(session, "PRAGMA cache_size")).isEqualTo(-16_000L);
            assertThat(value(session, "PRAGMA mmap_size")).isEqualTo(0L);
        });
    }

    @Test
    void everyOptionReachesSqlite() {
        LocalOptions options = file().journalMode(LocalOptions.JournalMode.TRUNCATE)
                .synchronous(LocalOptions.Synchronous.NORMAL)
                .foreignKeys(false)
                .cacheSize(123)
                .mmapSize(1 << 20)
                .build();
        withSession(options, session -> {
            assertThat(value(session, "PRAGMA journal_mode")).isEqualTo("truncate");
            assertThat(value(session, "PRAGMA synchronous")).isEqualTo(1L);
            assertThat(value(session, "PRAGMA foreign_keys")).isEqualTo(0L);
            assertThat(value(session, "PRAGMA cache_size")).isEqualTo(123L);
            assertThat(value(session, "PRAGMA mmap_size")).isEqualTo(1L << 20);
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 64})
    void soManyPreparedStatementsAreKept(int size) throws SQLException {
        LocalOptions options = file().statementCacheSize(size).build();
        SqliteHandle handle = new Opening(options, "", new SqliteErrors("here"), new Stoppable(() -> {}))
                .open()
                .handle();
        try {
            for (int i = 0; i < 100; i++) {
                handle.value("SELECT " + i);
            }
            assertThat(handle.idleStatements()).isEqualTo(size);
        } finally {
            handle.close();
        }
    }

    @Test
    void badOptionsAreAllReported() {
        LocalOptions.Builder bad = file().busyTimeout(Duration.ofSeconds(-1))
                .mmapSize(-1)
                .statementCacheSize(-1)
                .statementTimeout(Duration.ZERO);
        assertThatThrownBy(bad::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("busyTimeout", "mmapSize", "statementCacheSize", "statementTimeout");
    }

    private void opening(LocalOptions options, Class<? extends R2dbcException> error, String code) {
        LocalTransport transport = new LocalTransport(options);
        assertThatThrownBy(() -> transport.open().block(WAIT))
                .isInstanceOf(error)
                .hasMessageContaining(code)
                .hasMessageContaining(transport.describe());
    }

    @Test
    void aFileThatIsNoDatabaseFails() throws IOException {
        Files.writeString(folder.resolve("test.db"), "no database ".repeat(1000));
        opening(file().build(), R2dbcNonTransientResourceException.class, "SQLITE_NOTADB");
        opening(file().readOnly(true).build(), R2dbcNonTransientResourceException.class, "SQLITE_NOTADB");
    }

    @Test
    void aMissingFolderFails() {
        LocalOptions options =
                LocalOptions.file(folder.resolve("missing/test.db")).build();
        opening(options, R2dbcNonTransientResourceException.class, "SQLITE_CANTOPEN");
        assertThat(folder.resolve("missing")).doesNotExist();
    }

    @Test
    void aFolderIsNoFile() {
        opening(LocalOptions.file(folder).build(), R2dbcNonTransientResourceException.class, "SQLITE_CANTOPEN");
    }

    @Test
    void aMissingFileFailsIfItMayNotBeCreated() {
        opening(file().create(false).build(), R2dbcNonTransientResourceException.class, "SQLITE_CANTOPEN");
        opening(file().readOnly(true).build(), R2dbcNonTransientResourceException.class, "SQLITE_CANTOPEN");
        assertThat(folder.resolve("test.db")).doesNotExist();
    }

    @Test
    void aReadOnlySessionReadsAndRefusesToWrite() {
        try (Database database = new Database(file().build())) {
            Session writer = database.open();
            write(writer, "CREATE TABLE t(id)");
            withSession(file().readOnly(true).build(), session -> {
                assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L);
                assertThatThrownBy(() -> write(session, "INSERT INTO t VALUES (1)"))
                        .isInstanceOf(R2dbcPermissionDeniedException.class);
                session.begin(TransactionMode.IMMEDIATE).block(WAIT);
                assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L);
                session.commit().block(WAIT);
            });
            write(writer, "INSERT INTO t VALUES (1)");
        }
    }

    @Test
    void aReadOnlySessionLeavesTheJournalModeAlone() throws SQLException {
        try (Jdbc stranger = new Jdbc(folder.resolve("test.db"))) {
            stranger.run("CREATE TABLE t(id)");
        }
        withSession(
                file().readOnly(true).build(),
                session -> assertThat(value(session, "PRAGMA journal_mode")).isEqualTo("delete"));
    }

    @Test
    void aReadOnlyMemoryDatabaseRefusesToWrite() {
        withSession(
                LocalOptions.memory("").readOnly(true).build(),
                session -> assertThatThrownBy(() -> write(session, "CREATE TABLE t(id)"))
                        .isInstanceOf(R2dbcPermissionDeniedException.class));
    }

    @Test
    void manySessionsCreateOneFileTogether() {
        int sessions = 16;
        List<LocalTransport> transports = IntStream.range(0, sessions)
                .mapToObj(i -> new LocalTransport(file().build()))
                .toList();
        List<Session> opened = Objects.requireNonNull(Flux.fromIterable(transports)
                .flatMap(LocalTransport::open, sessions)
                .collectList()
                .block(WAIT));
        try {
            assertThat(opened)
                    .hasSize(sessions)
                    .allSatisfy(session ->
                            assertThat(value(session, "PRAGMA journal_mode")).isEqualTo("wal"));
        } finally {
            opened.forEach(session -> session.close().block(WAIT));
        }
    }

    @Test
    void theJournalModeIsTriedAgainUntilTheFileIsFree() throws SQLException {
        LocalOptions options = file().build();
        LocalTransport transport = new LocalTransport(options);
        try (Jdbc stranger = new Jdbc(folder.resolve("test.db"))) {
            stranger.run("BEGIN IMMEDIATE");
            stranger.run("CREATE TABLE t(id)");
            CompletableFuture<Session> opening = transport.open().toFuture();
            opening(
                    file().busyTimeout(Duration.ofMillis(20)).build(),
                    R2dbcTransientResourceException.class,
                    "SQLITE_BUSY");
            assertThat(opening).isNotDone();
            stranger.run("COMMIT");
            assertThat(opening).succeedsWithin(WAIT);
            opening.join().close().block(WAIT);
        }
    }

    @Test
    void cancellingEndsAnOpeningThatWaits() throws SQLException {
        LocalTransport transport =
                new LocalTransport(file().busyTimeout(Duration.ofDays(1)).build());
        try (Jdbc stranger = new Jdbc(folder.resolve("test.db"))) {
            stranger.run("BEGIN IMMEDIATE");
            stranger.run("CREATE TABLE t(id)");
            Disposable opening = transport.open().subscribe();
            await(OpeningTest::isAnyoneOpening);
            opening.dispose();
            await(() -> !isAnyoneOpening());
        }
    }

    private static boolean isAnyoneOpening() {
        return Thread.getAllStackTraces().values().stream()
                .flatMap(Arrays::stream)
                .anyMatch(frame -> frame.getClassName().equals(Opening.class.getName()));
    }

    @Test
    void aSessionThatNobodyTakesIsClosed() {
        LocalTransport transport = new LocalTransport(file().build());
        Session first = Objects.requireNonNull(transport.open().block(WAIT));
        Queue<Session> taken = new ConcurrentLinkedQueue<>();
        for (int i = 0; i < 200; i++) {
            Disposable opening = transport.open().subscribe(taken::add);
            first.validate(true).repeat(i % 20).blockLast(WAIT); // so that the cancel comes at different moments
            opening.dispose();
        }
        Flux.fromIterable(taken).flatMap(Session::close).blockLast(WAIT);
        assertThat(folder.resolve("test.db-wal")).exists();
        first.close().block(WAIT);
        // The last connection to a file removes its log.
        await(() -> Files.notExists(folder.resolve("test.db-wal")));
    }

    private static void await(BooleanSupplier condition) {
        assertTimeoutPreemptively(WAIT, () -> {
            while (!condition.getAsBoolean()) {
                Thread.onSpinWait();
            }
        });
    }

    @Test
    void aPathMayHoldAnyCharacter() {
        for (String name : List.of("a b.db", "100%.db", "a?mode=memory.db", "a#b.db", "žluť 😀.db", "a;b&c='d'.db")) {
            Path path = folder.resolve(name);
            withSession(LocalOptions.file(path).build(), session -> write(session, "CREATE TABLE t(id)"));
            assertThat(path).exists();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "a b", "a?b=c&vfs=unix", "100%", "a/b", "žluť 😀", "cache=shared"})
    void aMemoryDatabaseMayHaveAnyName(String name) throws IOException {
        withSession(LocalOptions.memory(name).build(), session -> {
            write(session, "CREATE TABLE t(id)");
            withSession(
                    LocalOptions.memory(name).build(),
                    other -> assertThat(value(other, "SELECT count(*) FROM t")).isEqualTo(0L));
        });
        try (var files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void theSessionComesOnTheParallelScheduler() {
        LocalTransport transport = new LocalTransport(LocalOptions.memory("").build());
        StepVerifier.create(transport.open().flatMap(session -> {
                    boolean parallel = Schedulers.isInNonBlockingThread();
                    return session.close().thenReturn(parallel);
                }))
                .expectNext(true)
                .expectComplete()
                .verify(WAIT);
        transport.close().block(WAIT);
    }

    @Test
    void aClosedTransportOpensNothing() {
        for (LocalOptions options :
                List.of(file().build(), LocalOptions.memory("").build())) {
            LocalTransport transport = new LocalTransport(options);
            transport.close().then(transport.close()).block(WAIT);
            assertThatThrownBy(() -> transport.open().block(WAIT))
                    .isInstanceOf(R2dbcException.class)
                    .hasMessageContaining("was closed");
        }
    }

    @Test
    void aMissingDriverIsNamed() throws ReflectiveOperationException {
        Class<?> options = new WithoutSqlite().loadClass(LocalOptions.class.getName());
        Class<?> transport = options.getClassLoader().loadClass(LocalTransport.class.getName());
        Object builder = options.getMethod("memory", String.class).invoke(null, "missing");
        Object built = builder.getClass().getMethod("build").invoke(builder);
        Object made = transport.getConstructor(options).newInstance(built);
        Mono<?> opening = (Mono<?>) transport.getMethod("open").invoke(made);
        assertThatThrownBy(() -> opening.block(WAIT))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("org.xerial:sqlite-jdbc");
    }

    /** A class path that lacks sqlite-jdbc. */
    private static final class WithoutSqlite extends ClassLoader {
        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.startsWith("org.sqlite.")) {
                throw new ClassNotFoundException(name);
            }
            if (!name.startsWith("dev.pollux.r2dbc.local.")) {
                return super.loadClass(name, resolve);
            }
            Class<?> loaded = findLoadedClass(name);
            if (loaded != null) {
                return loaded;
            }
            try (var bytes = Objects.requireNonNull(
                    OpeningTest.class.getResourceAsStream("/" + name.replace('.', '/') + ".class"))) {
                byte[] code = bytes.readAllBytes();
                return defineClass(name, code, 0, code.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }
}
