package webflux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.Sqld;
import dev.pollux.testing.TokenKey;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

class SqldApplicationIT extends ApplicationContract {

    @Override
    String emptyDatabase() {
        Sqld.shared().reset();
        return Sqld.shared().r2dbcUrl();
    }

    @Test
    void aServersTokenIsASettingThatNothingShows() {
        TokenKey key = TokenKey.create();
        try (Sqld sqld = Sqld.start(key);
                ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
                        .run(
                                "--server.port=0",
                                "--server.address=127.0.0.1",
                                "--pollux.url=libsql://127.0.0.1:" + sqld.port() + "?tls=0",
                                "--pollux.token=" + key.readWrite())) {
            PolluxProperties properties = context.getBean(PolluxProperties.class);

            assertThat(properties.connectionFactory().create().block(Duration.ofSeconds(10)))
                    .isNotNull();
            assertThat(properties.toString()).doesNotContain(key.readWrite());
        }
    }
}
