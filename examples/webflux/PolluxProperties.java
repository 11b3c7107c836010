package webflux;

import dev.pollux.r2dbc.LibsqlConnectionFactory;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.StringUtils;

/**
 * The settings, as {@code --pollux.url=...}, as the environment variable {@code POLLUX_URL}, or as any other source
 * that Spring Boot knows.
 *
 * @param url the database: {@code file:emails.db} in the working directory by default, or {@code libsql://host}
 * @param token a server's token. Prefer {@code POLLUX_TOKEN}: the arguments of a process are for all to see.
 * @param queue the queue's name
 * @param worker whether this process sends emails; one that does not still takes them and shows them
 * @param concurrency how many emails are being sent at a time
 * @param drainTime how long emails that are being sent may take when the application stops; 5 seconds less than
 *     {@code spring.lifecycle.timeout-per-shutdown-phase} at most
 * @param lookEvery how often a watched task is looked at, for what happens to it in other processes
 */
@ConfigurationProperties("pollux")
record PolluxProperties(
        @DefaultValue("file:emails.db") String url,
        @Nullable String token,
        @DefaultValue("email") String queue,
        @DefaultValue("true") boolean worker,
        @DefaultValue("16") int concurrency,
        @DefaultValue("20s") Duration drainTime,
        @DefaultValue("2s") Duration lookEvery) {

    LibsqlConnectionFactory connectionFactory() {
        if (!StringUtils.hasText(token)) {
            return LibsqlConnectionFactory.of(url);
        }
        String encoded = URLEncoder.encode(token, StandardCharsets.UTF_8);
        return LibsqlConnectionFactory.of(url + (url.contains("?") ? "&" : "?") + "authToken=" + encoded);
    }

    /** Nothing that may hold a token. */
    @Override
    public String toString() {
        return "PolluxProperties[queue=" + queue + "]";
    }
}
