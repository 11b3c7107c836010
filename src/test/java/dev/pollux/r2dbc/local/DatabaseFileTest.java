package dev.pollux.r2dbc.local;

import static dev.pollux.r2dbc.local.Database.WAIT;
import static dev.pollux.r2dbc.local.Database.read;
import static dev.pollux.r2dbc.local.Database.run;
import static dev.pollux.r2dbc.local.Database.unit;
import static dev.pollux.r2dbc.local.Database.value;
import static dev.pollux.r2dbc.local.Database.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

/** A file that is deleted or replaced while sessions have it open. */
class DatabaseFileTest {

    private static final String ENDLESS_INSERT =
            "INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT count(*) FROM n";

    @TempDir
    private Path folder;

    private Path file;
    private Path other;
    private Database database;
    private Session session;

    @BeforeEach
    void open() throws SQLException {
        file = folder.resolve("test.db");
        other = folder.resolve("other.db");
        database = Database.file(folder);
        session = database.open();
        write(session, "CREATE TABLE t (a)");
        write(session, "INSERT INTO t VALUES ('old')");
        try (Jdbc jdbc = new Jdbc(other)) {
            jdbc.run("CREATE TABLE t (a)");
            jdbc.run("INSERT INTO t VALUES ('new')");
        }
    }

    @AfterEach
    void close() {
        database.close();
    }

    private void replace() throws IOException {
        Files.move(other, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private void insert() {
        write(session, "INSERT INTO t VALUES ('lost')");
    }

    /** Until a session has the lock: its statement is at work then, and its thread with it. */
    private void awaitTheWriteLock() throws SQLException {
        try (Jdbc jdbc = new Jdbc(file)) {
            jdbc.run("PRAGMA busy_timeout = 0");
            while (jdbc.takesTheWriteLock()) {
                Thread.onSpinWait();
            }
        }
    }

    private static void assertReplaced(ThrowingCallable work) {
        assertThatThrownBy(work)
                .isInstanceOf(R2dbcTransientResourceException.class)
                .hasMessageContaining("test.db")
                .hasMessageContaining("another file has taken the place")
                .extracting(e -> ((R2dbcException) e).getSqlState())
                .isEqualTo("58P01");
    }

    private static List<Object> texts(Path at) throws SQLException {
        try (Jdbc jdbc = new Jdbc(at)) {
            return List.of(
                    jdbc.number("SELECT count(*) FROM t WHERE a = 'old'"),
                    jdbc.number("SELECT count(*) FROM t WHERE a = 'new'"),
                    jdbc.number("SELECT count(*) FROM t WHERE a NOT IN ('old', 'new')"),
                    jdbc.number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"));
        }
    }

    @Test
    void aWriteToAFileThatWasReplacedFailsAtOnce() throws Exception {
        replace();
        assertReplaced(this::insert);
    }

    @Test
    void aUnitOfWritesToAFileThatWasReplacedFails() throws Exception {
        replace();
        assertReplaced(() -> run(
                session,
                unit(Call.write("INSERT INTO t VALUES ('lost')"), Call.write("INSERT INTO t VALUES ('lost')"))));
    }

    @Test
    void aTransactionWhoseFileIsReplacedDoesNotCommit() throws Exception {
        session.begin(TransactionMode.IMMEDIATE).block(WAIT);
        insert();
        replace();
        assertReplaced(() -> session.commit().block(WAIT));
        session.rollback().block(WAIT);
    }

    @ParameterizedTest
    @EnumSource(LocalOptions.JournalMode.class)
    void inEveryJournalMode(LocalOptions.JournalMode mode) throws Exception {
        session.close().block(WAIT);
        try (Database inMode =
                new Database(LocalOptions.file(file).journalMode(mode).build())) {
            session = inMode.open();
            replace();
            assertReplaced(this::insert);
            session.close().block(WAIT);
            assertThat(value(inMode.open(), "SELECT a FROM t")).isEqualTo("new");
        }
    }

    /** Where a commit does not wait for the disk, it is not made to wait for the look either, but for every 10 ms. */
    @ParameterizedTest
    @EnumSource(names = {"OFF", "NORMAL"})
    void withoutSyncsTheNextLookFindsOut(LocalOptions.Synchronous synchronous) throws Exception {
        try (Database fast =
                new Database(LocalOptions.file(file).synchronous(synchronous).build())) {
            session = fast.open();
            replace();
            assertReplaced(() -> {
                while (true) {
                    insert();
                }
            });
        }
    }

    @Test
    void readsAndPingsFindOutToo() throws Exception {
        replace();
        assertReplaced(() -> {
            while (true) {
                run(session, read("SELECT * FROM t"));
            }
        });
        assertThat(session.validate(true).block(WAIT)).isFalse();
        assertThat(session.validate(false).block(WAIT)).isFalse();
    }

    /** SQLite would write the old file's pages, from its log, into the new one. */
    @Test
    void theNewFileIsOpenedUnharmedOnceTheOldOneIsClosed() throws Exception {
        Disposable busy = session.execute(write(ENDLESS_INSERT)).subscribe();
        awaitTheWriteLock();
        replace();
        assertThatThrownBy(database::open)
                .isInstanceOf(R2dbcTransientResourceException.class)
                .hasMessageContaining("1 connection(s) of this process");

        busy.dispose();
        session.close().block(WAIT);

        Session next = database.open();
        assertThat(value(next, "SELECT a FROM t")).isEqualTo("new");
        write(next, "INSERT INTO t VALUES ('written')");
        next.close().block(WAIT);
        assertThat(texts(file)).containsExactly(0L, 1L, 1L, 1L);
    }

    /** SQLite removes the log with the last session: whoever opens the file meanwhile is not to take that for a loss. */
    @Test
    void aFileIsOpenedWhileItsLastSessionIsBeingClosed() {
        for (int i = 0; i < 300; i++) {
            Session last = session;
            last.close().subscribe();
            session = database.open();
            assertThat(value(session, "SELECT a FROM t")).isEqualTo("old");
        }
    }

    /** It may be one of a pool, which nobody uses. */
    @Test
    void aSessionThatIsIdleMakesRoomForTheNewFile() throws Exception {
        session.begin(TransactionMode.DEFERRED).block(WAIT);
        Flux<List<@Nullable Object[]>> more = Objects.requireNonNull(run(
                        session,
                        read("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
                                + " SELECT i FROM n, t"))
                .get(0)
                .more());
        replace();
        Session next = database.transport().open().retry().blockOptional(WAIT).orElseThrow();
        assertThat(value(next, "SELECT a FROM t")).isEqualTo("new");
        next.close().block(WAIT);

        assertReplaced(() -> more.blockLast(WAIT));
        assertThatThrownBy(this::insert).isInstanceOf(R2dbcRollbackException.class);
        session.rollback().block(WAIT);
        assertReplaced(this::insert);
        assertThat(texts(file)).containsExactly(0L, 1L, 0L, 1L);
    }

    @Test
    void whatTheLogHeldOfAFileThatWasMovedAwayIsInItAfterwards() throws Exception {
        Path moved = folder.resolve("moved.db");
        Files.move(file, moved);
        replace();

        session.close().block(WAIT);

        assertThat(folder.resolve("test.db-wal")).doesNotExist();
        assertThat(texts(moved)).containsExactly(1L, 0L, 0L, 1L);
        assertThat(texts(file)).containsExactly(0L, 1L, 0L, 1L);
    }

    /** A reader in another process keeps the log from being emptied: then its file's place is not taken. */
    @Test
    void aLogThatCannotBeEmptiedIsToldOf() throws Exception {
        try (Jdbc reader = new Jdbc(file)) {
            reader.run("BEGIN");
            reader.number("SELECT count(*) FROM t");
            insert();
            replace();
            session.close().block(WAIT);

            assertThatThrownBy(database::open)
                    .isInstanceOf(R2dbcNonTransientResourceException.class)
                    .hasMessageContaining("-wal file beside it belongs to the file that was there before");
            Files.delete(folder.resolve("test.db-wal"));
            Files.delete(folder.resolve("test.db-shm"));
            assertThat(value(database.open(), "SELECT a FROM t")).isEqualTo("new");
        }
    }

    @Test
    void aFileThatWasDeletedIsNotCreatedAnew() throws Exception {
        Files.delete(file);
        assertThatThrownBy(this::insert)
                .isInstanceOf(R2dbcNonTransientResourceException.class)
                .hasMessageContaining("test.db")
                .hasMessageContaining("the file was deleted");
        session.close().block(WAIT);

        assertThatThrownBy(database::open).hasMessageContaining("the file was deleted");
        assertThat(folder).isDirectoryContaining("glob:**other.db").isDirectoryNotContaining("glob:**test.db*");

        replace();
        assertThat(value(database.open(), "SELECT a FROM t")).isEqualTo("new");
    }

    @Test
    void anotherTransportBeginsWithAnEmptyFile() throws Exception {
        Files.delete(file);
        session.close().block(WAIT);
        try (Database fresh = Database.file(folder)) {
            assertThat(value(fresh.open(), "SELECT count(*) FROM sqlite_schema"))
                    .isEqualTo(0L);
        }
    }

    @Test
    void aLinkThatLeadsElsewhereIsAnotherFile() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("link.db"), file);
        try (Database linked = new Database(LocalOptions.file(link).build())) {
            session = linked.open();
            Files.delete(link);
            Files.createSymbolicLink(link, other);
            assertThatThrownBy(this::insert).hasMessageContaining("another file has taken the place");
            session.close().block(WAIT);
            assertThat(folder.resolve("test.db-wal")).exists();
            assertThat(value(linked.open(), "SELECT a FROM t")).isEqualTo("new");
        }
    }

    /** Whoever closes a file whose log has no name any more still writes it into the file. */
    @ParameterizedTest
    @ValueSource(strings = {"test.db-wal", "test.db-shm"})
    void aDeletedLogIsNoticedAndNothingOfItIsLost(String name) throws Exception {
        Files.delete(folder.resolve(name));
        assertThatThrownBy(() -> {
                    while (true) {
                        write(session, "INSERT INTO t VALUES ('written')");
                    }
                })
                .isInstanceOf(R2dbcTransientResourceException.class)
                .hasMessageContaining("-wal or -shm file was deleted");
        session.close().block(WAIT);

        assertThat(value(database.open(), "SELECT count(*) FROM t WHERE a = 'old'"))
                .isEqualTo(1L);
    }

    @Test
    void aFileOfWhichNothingHappensGoesOn() {
        for (int i = 0; i < 1_000; i++) {
            write(session, "INSERT INTO t VALUES ('old')");
        }
        assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(1_001L);
    }
}
