package dev.pollux.r2dbc.local;

import static dev.pollux.r2dbc.local.Database.WAIT;
import static dev.pollux.r2dbc.local.Database.value;
import static dev.pollux.r2dbc.local.Database.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.pollux.r2dbc.transport.Session;
import io.r2dbc.spi.R2dbcException;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class MemoryAnchorsTest {

    private final String name = "anchor-" + UUID.randomUUID();

    private LocalTransport transport() {
        return new LocalTransport(LocalOptions.memory(name).build());
    }

    private static void use(LocalTransport transport, java.util.function.Consumer<Session> body) {
        Session session = Objects.requireNonNull(transport.open().block(WAIT));
        try {
            body.accept(session);
        } finally {
            session.close().block(WAIT);
        }
    }

    @Test
    void aDatabaseOutlivesItsSessions() {
        LocalTransport transport = transport();
        use(transport, session -> write(session, "CREATE TABLE t(id)"));
        use(
                transport,
                session -> assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L));
        transport.close().block(WAIT);
    }

    @Test
    void aDatabaseLivesUntilItsLastTransportIsClosed() {
        LocalTransport one = transport();
        LocalTransport two = transport();
        use(one, session -> write(session, "CREATE TABLE t(id)"));
        one.close().then(one.close()).block(WAIT);
        assertThat(MemoryAnchors.holds(name)).isEqualTo(1);
        use(two, session -> assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L));
        two.close().block(WAIT);
        assertThat(MemoryAnchors.holds(name)).isZero();
        LocalTransport three = transport();
        use(
                three,
                session -> assertThatThrownBy(() -> value(session, "SELECT count(*) FROM t"))
                        .isInstanceOf(R2dbcException.class));
        three.close().block(WAIT);
    }

    @Test
    void namesKeepDatabasesApartAndNoNameSharesNothing() {
        LocalTransport named = transport();
        LocalTransport first = new LocalTransport(LocalOptions.memory("").build());
        LocalTransport second = new LocalTransport(LocalOptions.memory("").build());
        use(named, session -> write(session, "CREATE TABLE t(id)"));
        use(first, session -> write(session, "CREATE TABLE t(id)"));
        use(
                first,
                session -> assertThat(value(session, "SELECT count(*) FROM t")).isEqualTo(0L));
        use(second, session -> write(session, "CREATE TABLE t(id)"));
        named.close().then(first.close()).then(second.close()).block(WAIT);
    }

    @Test
    void aTransportThatIsForgottenLetsGo() {
        forget();
        assertTimeoutPreemptively(WAIT, () -> {
            while (MemoryAnchors.holds(name) > 0) {
                System.gc();
                Thread.onSpinWait();
            }
        });
    }

    private void forget() {
        use(transport(), session -> write(session, "CREATE TABLE t(id)"));
        assertThat(MemoryAnchors.holds(name)).isEqualTo(1);
    }
}
