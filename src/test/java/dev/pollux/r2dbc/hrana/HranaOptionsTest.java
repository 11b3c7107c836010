package dev.pollux.r2dbc.hrana;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class HranaOptionsTest {

    @Test
    void theDefaultsAreThese() {
        HranaOptions options =
                HranaOptions.builder(URI.create("https://db.example.com")).build();

        assertThat(options.authToken().get()).isNull();
        assertThat(options.connectTimeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(options.callTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(options.readTimeout()).isNull();
        assertThat(options.statementTimeout()).isNull();
        assertThat(options.consistentReads()).isFalse();
        assertThat(options.userAgent()).startsWith("pollux-libsql/");
        assertThat(options.h2c()).isFalse();
        assertThat(options.namespace()).isNull();
    }

    @Test
    void everyBadOptionIsNamedAtOnce() {
        assertThatThrownBy(() -> HranaOptions.builder(URI.create("ftp://user@host/?q=1"))
                        .connectTimeout(Duration.ZERO)
                        .callTimeout(Duration.ofSeconds(-1))
                        .readTimeout(Duration.ZERO)
                        .statementTimeout(Duration.ZERO)
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("http: or https:")
                .hasMessageContaining("user or password")
                .hasMessageContaining("query")
                .hasMessageContaining("connectTimeout")
                .hasMessageContaining("callTimeout")
                .hasMessageContaining("readTimeout")
                .hasMessageContaining("statementTimeout");
    }

    @Test
    void noTextShowsTheToken() {
        HranaOptions options = HranaOptions.builder(URI.create("http://127.0.0.1:8080/"))
                .authToken("s3cret")
                .build();

        assertThat(options.toString()).doesNotContain("s3cret").contains("libsql://127.0.0.1:8080");
        assertThat(options.base()).isEqualTo("http://127.0.0.1:8080");
    }
}
