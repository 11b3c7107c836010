package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Each option of a file or a memory database has its effect in SQLite, in a URL and as an option. */
@ParameterizedClass(name = "{0}")
@EnumSource
class LocalDatabasesTest implements Driven {

    enum Given {
        IN_THE_URL,
        AS_OPTIONS
    }

    private static final String ORPHAN = "CREATE TABLE t (id INTEGER PRIMARY KEY);"
            + " CREATE TABLE u (id INTEGER REFERENCES t); INSERT INTO u VALUES (1)";

    private final Given given;
    private final List<Connection> opened = new ArrayList<>();

    @TempDir
    @SuppressWarnings("NullAway") // JUnit sets it
    Path folder;

    LocalDatabasesTest(Given given) {
        this.given = given;
    }

    @AfterEach
    void closeAll() {
        opened.forEach(connection -> Driven.all(connection.close()));
    }

    private Path path() {
        return folder.resolve("test.db");
    }

    @Override
    public ConnectionFactory factory() {
        return factory("file", path().toString(), List.of());
    }

    private record Setting(Option<?> option, Object value) {}

    private ConnectionFactory factory(String protocol, String database, List<Setting> settings) {
        if (given == Given.IN_THE_URL) {
            StringBuilder url =
                    new StringBuilder("r2dbc:libsql:" + protocol + "://" + (database.isEmpty() ? "/" : database) + "?");
            settings.forEach(setting -> url.append(setting.option.name())
                    .append('=')
                    .append(setting.value)
                    .append('&'));
            return ConnectionFactories.get(url.toString());
        }
        ConnectionFactoryOptions.Builder options = ConnectionFactoryOptions.builder()
                .option(ConnectionFactoryOptions.DRIVER, LibsqlConnectionFactoryProvider.DRIVER)
                .option(ConnectionFactoryOptions.PROTOCOL, protocol)
                .option(ConnectionFactoryOptions.DATABASE, database);
        settings.forEach(setting -> options.option(Option.<Object>valueOf(setting.option.name()), setting.value));
        return ConnectionFactories.get(options.build());
    }

    @Override
    public Connection connection() {
        return file();
    }

    private Connection file() {
        return keep(factory());
    }

    private Connection file(Option<?> option, Object value) {
        return keep(factory("file", path().toString(), List.of(new Setting(option, value))));
    }

    private Connection memory(Option<?> option, Object value) {
        return keep(factory("mem", "/" + folder, List.of(new Setting(option, value))));
    }

    private Connection keep(ConnectionFactory factory) {
        Connection connection = Driven.all(factory.create()).get(0);
        opened.add(connection);
        return connection;
    }

    private <T> T one(Connection connection, Class<T> type, String sql) {
        return query(connection, type, sql).get(0);
    }

    @Test
    void thePathIsWhereTheDatabaseIs() {
        run("CREATE TABLE t (n INTEGER)");

        assertThat(path()).isRegularFile();
    }

    @Test
    void readOnlyMeansThatNothingIsWritten() {
        run("CREATE TABLE t (n INTEGER)");
        for (Connection reader : List.of(
                file(LibsqlConnectionFactoryProvider.MODE, "ro"),
                file(LibsqlConnectionFactoryProvider.READ_ONLY, true),
                memory(LibsqlConnectionFactoryProvider.READ_ONLY, true))) {
            assertThat(query(reader, Long.class, "SELECT 1")).containsExactly(1L);
            assertThatThrownBy(() -> run(reader, "CREATE TABLE other (n INTEGER)"))
                    .isInstanceOf(R2dbcPermissionDeniedException.class)
                    .hasMessageContaining("read-only");
        }
    }

    @Test
    void aFileThatIsNotToBeCreatedMustBeThere() {
        for (Setting setting : List.of(
                new Setting(LibsqlConnectionFactoryProvider.MODE, "rw"),
                new Setting(LibsqlConnectionFactoryProvider.MODE, "ro"),
                new Setting(LibsqlConnectionFactoryProvider.CREATE, false))) {
            assertThatThrownBy(() -> file(setting.option, setting.value))
                    .isInstanceOf(R2dbcNonTransientResourceException.class)
                    .hasMessageContaining("SQLITE_CANTOPEN");
            assertThat(path()).doesNotExist();
        }
        run(file(LibsqlConnectionFactoryProvider.MODE, "rwc"), "CREATE TABLE t (n INTEGER)");
        run(file(LibsqlConnectionFactoryProvider.MODE, "rw"), "INSERT INTO t VALUES (1)");
        run(file(LibsqlConnectionFactoryProvider.CREATE, false), "INSERT INTO t VALUES (2)");
        assertThat(one(file(), Long.class, "SELECT count(*) FROM t")).isEqualTo(2L);
    }

    @ParameterizedTest
    @CsvSource({"WAL", "DELETE", "TRUNCATE", "PERSIST"})
    void theJournalModeIsTheFiles(String mode) {
        Connection connection = file(LibsqlConnectionFactoryProvider.JOURNAL_MODE, mode);

        assertThat(one(connection, String.class, "PRAGMA journal_mode")).isEqualToIgnoringCase(mode);
    }

    @ParameterizedTest
    @CsvSource({"OFF, 0", "NORMAL, 1", "full, 2", "EXTRA, 3"})
    void synchronousIsTheConnections(String synchronous, long expected) {
        Connection connection = file(LibsqlConnectionFactoryProvider.SYNCHRONOUS, synchronous);

        assertThat(one(connection, Long.class, "PRAGMA synchronous")).isEqualTo(expected);
    }

    @Test
    void foreignKeysAreEnforcedUnlessTurnedOff() {
        assertThatThrownBy(() -> run(file(LibsqlConnectionFactoryProvider.FOREIGN_KEYS, true), ORPHAN))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class);
        assertThatThrownBy(() -> run(memory(LibsqlConnectionFactoryProvider.FOREIGN_KEYS, true), ORPHAN))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class);

        assertThat(run(file(LibsqlConnectionFactoryProvider.FOREIGN_KEYS, false), ORPHAN))
                .isEqualTo(1);
        assertThat(run(memory(LibsqlConnectionFactoryProvider.FOREIGN_KEYS, false), ORPHAN))
                .isEqualTo(1);
    }

    @Test
    void theCacheAndTheMapHaveTheirSizes() {
        assertThat(one(file(LibsqlConnectionFactoryProvider.CACHE_SIZE, -2_000), Long.class, "PRAGMA cache_size"))
                .isEqualTo(-2_000L);
        assertThat(one(file(LibsqlConnectionFactoryProvider.MMAP_SIZE, 1L << 20), Long.class, "PRAGMA mmap_size"))
                .isEqualTo(1L << 20);
    }

    @Test
    void connectionsWithAStatementCacheOfAnySizeWork() {
        for (int size : new int[] {0, 1, 1000}) {
            Connection connection = file(LibsqlConnectionFactoryProvider.STATEMENT_CACHE_SIZE, size);
            for (long i = 0; i < 10; i++) {
                assertThat(one(connection, Long.class, "SELECT " + i)).isEqualTo(i);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void anotherWritersLockIsWaitedForAsLongAsWasSaid(Place place) {
        Connection holder = place.open(this, LibsqlConnectionFactoryProvider.BUSY_TIMEOUT, Duration.ofDays(1));
        run(holder, "CREATE TABLE t (n INTEGER)");
        Driven.all(holder.beginTransaction());

        assertThatThrownBy(() -> insert(place, LibsqlConnectionFactoryProvider.BUSY_TIMEOUT))
                .isInstanceOf(R2dbcTransientResourceException.class)
                .hasMessageContaining("PT0.05S");
        assertThatThrownBy(() -> insert(place, ConnectionFactoryOptions.LOCK_WAIT_TIMEOUT))
                .isInstanceOf(R2dbcTimeoutException.class)
                .hasMessageContaining("PT0.05S");
    }

    private void insert(Place place, Option<Duration> option) {
        run(place.open(this, option, Duration.ofMillis(50)), "INSERT INTO t VALUES (1)");
    }

    enum Place {
        FILE {
            @Override
            Connection open(LocalDatabasesTest test, Option<?> option, Object value) {
                return test.file(option, value);
            }
        },
        MEMORY {
            @Override
            Connection open(LocalDatabasesTest test, Option<?> option, Object value) {
                return test.memory(option, value);
            }
        };

        abstract Connection open(LocalDatabasesTest test, Option<?> option, Object value);
    }

    @ParameterizedTest
    @EnumSource
    void aStatementRunsAsLongAsWasSaid(Place place) {
        Connection connection = place.open(this, ConnectionFactoryOptions.STATEMENT_TIMEOUT, Duration.ofMillis(50));

        assertThatThrownBy(() -> one(
                        connection,
                        Long.class,
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"))
                .isInstanceOf(R2dbcTimeoutException.class)
                .hasMessageContaining("PT0.05S");
        assertThat(one(connection, Long.class, "SELECT 1")).isEqualTo(1L);
    }

    @Test
    void aMemoryDatabaseLivesAsLongAsAFactoryForIt() {
        LibsqlConnectionFactory one = (LibsqlConnectionFactory) factory("mem", "/" + folder, List.of());
        LibsqlConnectionFactory other = (LibsqlConnectionFactory) factory("mem", "/" + folder, List.of());
        once(one, "CREATE TABLE t (n INTEGER)");
        once(other, "INSERT INTO t VALUES (1)");
        one.close().block(PATIENCE);
        once(other, "INSERT INTO t VALUES (2)");
        other.close().block(PATIENCE);

        LibsqlConnectionFactory later = (LibsqlConnectionFactory) factory("mem", "/" + folder, List.of());
        assertThatThrownBy(() -> once(later, "INSERT INTO t VALUES (3)"))
                .isInstanceOf(R2dbcException.class)
                .hasMessageContaining("no such table");
        later.close().block(PATIENCE);
    }

    @Test
    void aMemoryDatabaseWithoutANameIsOneFactorysOwn() {
        LibsqlConnectionFactory one = (LibsqlConnectionFactory) factory("mem", "", List.of());
        LibsqlConnectionFactory other = (LibsqlConnectionFactory) factory("mem", "", List.of());
        once(one, "CREATE TABLE t (n INTEGER)");
        once(one, "INSERT INTO t VALUES (1)");

        assertThatThrownBy(() -> once(other, "INSERT INTO t VALUES (2)")).hasMessageContaining("no such table");
        one.close().then(other.close()).block(PATIENCE);
    }

    /** Over a connection that lives no longer than this. */
    private void once(LibsqlConnectionFactory factory, String sql) {
        Connection connection = Driven.all(factory.create()).get(0);
        try {
            run(connection, sql);
        } finally {
            Driven.all(connection.close());
        }
    }
}
