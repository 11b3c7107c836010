package dev.pollux.r2dbc;

import static io.r2dbc.spi.ConnectionFactoryOptions.DATABASE;
import static io.r2dbc.spi.ConnectionFactoryOptions.DRIVER;
import static io.r2dbc.spi.ConnectionFactoryOptions.HOST;
import static io.r2dbc.spi.ConnectionFactoryOptions.PROTOCOL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** URLs and options: what they mean, and what is said of those that mean nothing. */
class OptionsTest {

    private static final String TOKEN = "eyJhbGci.geheim-token";

    private static String shown(String url) {
        LibsqlConnectionFactory factory = LibsqlConnectionFactory.of(url);
        factory.close().block();
        return factory.toString();
    }

    private static String file(String path) {
        return "LibsqlConnectionFactory[" + Path.of(path).toAbsolutePath() + "]";
    }

    @ParameterizedTest
    @CsvSource({
        "r2dbc:libsql:file:///tmp/x.db, /tmp/x.db",
        "r2dbc:libsql:file:////tmp/x.db, //tmp/x.db",
        "r2dbc:libsql:file:///tmp/a%20b.db, /tmp/a b.db",
        "r2dbc:libsql:file:///tmp/a+b.db, /tmp/a+b.db",
        "r2dbc:libsql:file://./rel.db, ./rel.db",
        "r2dbc:libsql:file://../rel.db, ../rel.db",
        "r2dbc:libsql:file://dir/x.db, dir/x.db",
        "r2dbc:libsql:file://my_dir/x.db, my_dir/x.db",
        "r2dbc:libsql:file://rel.db, rel.db",
        "r2dbc:libsql:file:///./rel.db, ./rel.db",
        "r2dbc:libsql:file:///../rel.db, ../rel.db",
        "r2dbc:libsql:file:///C:/x/y.db, C:/x/y.db",
        "r2dbc:libsql:file:rel.db, rel.db",
        "r2dbc:libsql:file:dir/rel.db?synchronous=NORMAL, dir/rel.db",
        "r2dbc:libsql:file:/tmp/x.db, /tmp/x.db",
        "file:rel.db, rel.db",
        "file:./rel.db, rel.db",
        "file:/tmp/x.db?mode=ro, /tmp/x.db",
        "file:///tmp/x.db, /tmp/x.db",
        "file:a%20b+c.db, a b+c.db",
    })
    void aFilesPathIsWhatTheUrlSays(String url, String path) {
        assertThat(Path.of(shown(url).replaceAll(".*\\[|\\]", "")).normalize())
                .isEqualTo(Path.of(path).toAbsolutePath().normalize());
    }

    @Test
    void aDatabaseSetByItselfIsAnAbsolutePathUnlessItBeginsWithADot() {
        ConnectionFactoryOptions.Builder options =
                ConnectionFactoryOptions.builder().option(DRIVER, "libsql").option(PROTOCOL, "file");

        assertThat(ConnectionFactories.get(options.option(DATABASE, "/tmp/x.db").build()))
                .hasToString(file("/tmp/x.db"));
        assertThat(ConnectionFactories.get(options.option(DATABASE, "./x.db").build()))
                .hasToString(file("./x.db"));
    }

    @ParameterizedTest
    @CsvSource({
        "r2dbc:libsql:mem:///name, 'name'",
        "r2dbc:libsql:mem://name, 'name'",
        "r2dbc:libsql:mem:///, ''",
        ":memory:, ''",
        "file::memory:, ''",
    })
    void aMemoryDatabaseHasTheNameOfTheUrl(String url, String name) {
        assertThat(shown(url)).contains("memory database '" + name + "'");
    }

    @ParameterizedTest
    @CsvSource({
        "r2dbc:libsql://db.example.com, libsql://db.example.com",
        "r2dbc:libsql:libsql://db.example.com, libsql://db.example.com",
        "r2dbc:libsql://db.example.com:8080?tls=0, libsql://db.example.com:8080",
        "r2dbc:libsql://db.example.com:8080?ssl=false, libsql://db.example.com:8080",
        "r2dbc:libsql:http://127.0.0.1:8080, libsql://127.0.0.1:8080",
        "r2dbc:libsql:https://db.example.com?tls=1, libsql://db.example.com",
        "r2dbcs:libsql://db.example.com, libsql://db.example.com",
        "libsql://db.example.com, libsql://db.example.com",
        "libsql://db.example.com:8080?tls=0, libsql://db.example.com:8080",
        "http://127.0.0.1:8080, libsql://127.0.0.1:8080",
        "https://db.example.com, libsql://db.example.com",
    })
    void aServersAddressIsWhatTheUrlSays(String url, String database) {
        assertThat(shown(url)).isEqualTo("LibsqlConnectionFactory[" + database + "]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "r2dbc:libsql:ftp://h | unknown protocol \"ftp\"",
                "r2dbc:libsql:file:/// | names no file",
                "r2dbc:libsql:file:///x?foo=1 | unknown option \"foo\": known for a file or memory database are [busyTimeout",
                "r2dbc:libsql://h?foo=1 | unknown option \"foo\": known for a libSQL server are [authToken",
                "r2dbc:libsql://h?b=1&a=2 | unknown options \"a\", \"b\": known",
                "r2dbc:libsql://h?l=1&k=1&j=1&i=1&h=1&g=1&f=1&e=1&d=1&c=1&b=1&a=1 | \"i\", \"j\" and 2 more: known",
                "libsql://h?authToken=secret&more=http://x | has a second ://",
                "r2dbc:libsql:file:///x?authToken=1 | option authToken is only for libSQL servers",
                "r2dbc:libsql://h?journalMode=WAL | option journalMode is only for files",
                "r2dbc:libsql:file:///x?journalMode=wall | journalMode is \"wall\": it must be [WAL",
                "r2dbc:libsql:file:///x?synchronous=maybe | synchronous is \"maybe\": it must be [OFF, NORMAL",
                "r2dbc:libsql:file:///x?foreignKeys=maybe | foreignKeys is \"maybe\": it must be true, false, 1 or 0",
                "r2dbc:libsql:file:///x?cacheSize=big | cacheSize is \"big\": it must be a whole number",
                "r2dbc:libsql:file:///x?mmapSize=1e9 | mmapSize is \"1e9\"",
                "r2dbc:libsql:file:///x?busyTimeout=soon | busyTimeout is \"soon\": it must be an ISO-8601 duration",
                "r2dbc:libsql:file:///x?busyTimeout=PT-5S | busyTimeout is negative",
                "r2dbc:libsql:file:///x?lockWaitTimeout=x | lockWaitTimeout is \"x\"",
                "r2dbc:libsql:file:///x?mode=memory | r2dbc:libsql:mem:///name",
                "r2dbc:libsql:file:///x?mode=ro&create=1 | mode says the same",
                "r2dbc:libsql:mem:///x?journalMode=WAL | option journalMode is only for files",
                "r2dbc:libsql:mem:///x?mode=ro | option mode is only for files",
                "r2dbc:libsql:mem:///x?create=0&synchronous=OFF&cacheSize=9&mmapSize=9 | option mmapSize is only for files",
                "r2dbc:libsql:file:///x?statementCacheSize=-1 | statementCacheSize is negative: -1",
                "r2dbc:libsql:file://h:80/x | no port",
                "r2dbc:libsql://h?tls=0 | tls=0 needs a port",
                "r2dbc:libsql:http://h?tls=1 | http means no TLS",
                "r2dbc:libsql:https://h?tls=0 | https means TLS",
                "r2dbc:libsql://h:1?tls=0&ssl=true | contradict",
                "r2dbc:libsql://h?authToken= | authToken is empty",
                "r2dbc:libsql://:a@h?authToken=b | given more than once, by [authToken, password]",
                "r2dbc:libsql://h?callTimeout=0 | callTimeout",
                "r2dbc:libsql://h?readTimeout=0 | readTimeout",
                "r2dbc:libsql://h?consistentReads=maybe | consistentReads is \"maybe\": it must be true, false, 1 or 0",
                "r2dbc:libsql:file:///x?consistentReads=1 | option consistentReads is only for libSQL servers",
                "r2dbc:libsql:file:///x?readTimeout=1 | option readTimeout is only for libSQL servers",
                "r2dbc:libsql://h?lockWaitTimeout=5 | set statementTimeout instead",
                "r2dbc:libsql://?x=1 | names no host",
                "mysql://h | its scheme is not one of",
                "x.db | its scheme is not one of",
            })
    void aWrongUrlIsToldWhatIsWrong(String url, String message) {
        assertThatThrownBy(() -> LibsqlConnectionFactory.of(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message.trim());
    }

    @Test
    void allProblemsAreReportedAtOnce() {
        assertThatThrownBy(() ->
                        LibsqlConnectionFactory.of("r2dbc:libsql:file:///x?foo=1&journalMode=2&cacheSize=3.0&h2c=1"))
                .hasMessageContaining("foo")
                .hasMessageContaining("journalMode")
                .hasMessageContaining("cacheSize")
                .hasMessageContaining("h2c");
    }

    @Test
    void optionsMeantForAPoolOrAProxyAreLeftAlone() {
        assertThat(shown("r2dbc:libsql:file:///x?maxSize=4&initialSize=1&validationDepth=REMOTE&connectTimeout=PT1S"
                        + "&lockWaitTimeout=500&statementTimeout=PT2S"))
                .isEqualTo(file("/x"));
    }

    @Test
    void theServiceLoaderFindsTheDriver() {
        assertThat(ConnectionFactories.find(ConnectionFactoryOptions.parse("r2dbc:libsql:mem:///found")))
                .isInstanceOf(LibsqlConnectionFactory.class);
        assertThat(ConnectionFactories.supports(ConnectionFactoryOptions.parse("r2dbc:other://h")))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "r2dbc:libsql://h?authToken=%s",
                "libsql://h?authToken=%s",
                "r2dbc:libsql://:%s@h",
                "r2dbc:libsql://user:%s@h",
                "r2dbc:libsql://h?authToken=%s&foo=1&tls=0",
                "r2dbc:libsql:http://h?authToken=%s&tls=1",
                "libsql://h with a blank?authToken=%s",
                "r2dbc:libsql:file://h with a blank?authToken=%s",
                "libsql:h?authToken=%s",
                "ftp://h?authToken=%s",
                "r2dbc:libsql://h?authToken=%s&host=x",
            })
    void aTokenIsNeverShown(String url) {
        String full = String.format(url, TOKEN);
        Throwable error = catchThrowable(() -> assertThat(shown(full)).doesNotContain("geheim"));

        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            assertThat(cause.toString()).doesNotContain("geheim");
        }
    }

    @Test
    void aTokenMayComeFromASupplierOrAnOption() {
        ConnectionFactoryOptions.Builder options =
                ConnectionFactoryOptions.builder().option(DRIVER, "libsql").option(HOST, "h");
        Supplier<String> supplier = () -> TOKEN;

        ConnectionFactoryOptions supplied = options.option(
                        LibsqlConnectionFactoryProvider.AUTH_TOKEN_SUPPLIER, supplier)
                .build();
        assertThat(LibsqlConnectionFactory.of(supplied).toString()).doesNotContain("geheim");
        assertThat(supplied.toString()).doesNotContain("geheim");

        ConnectionFactoryOptions wrong =
                options.option(Option.valueOf("authTokenSupplier"), "text").build();
        assertThatThrownBy(() -> LibsqlConnectionFactory.of(wrong)).hasMessageContaining("must be a Supplier");
    }

    @Test
    @SuppressWarnings("NullAway") // nulls are what this is about
    void nullsAreIllegalArguments() {
        LibsqlConnectionFactoryProvider provider = new LibsqlConnectionFactoryProvider();
        assertThatThrownBy(() -> LibsqlConnectionFactory.of((String) null))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> provider.create(null)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> provider.supports(null)).isInstanceOf(IllegalArgumentException.class);
    }
}
