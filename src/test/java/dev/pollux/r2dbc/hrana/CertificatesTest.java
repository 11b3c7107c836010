package dev.pollux.r2dbc.hrana;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.transport.Faults;
import dev.pollux.testing.TlsServer;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import mockwebserver3.MockResponse;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whom the driver talks to by TLS: only servers whose certificate the JVM trusts, for their host name, today. */
class CertificatesTest {

    @TempDir
    private Path folder;

    private final HeldCertificate authority = TlsServer.authority();

    /** A client on a JVM that trusts the authority. */
    private Remote remote(TlsServer server) {
        return TlsServer.trusting(authority.certificate(), folder, () -> new Remote("https://" + server.address()));
    }

    private void refused(HeldCertificate certificate, String because) {
        try (TlsServer server = new TlsServer(certificate);
                Remote remote = remote(server)) {
            assertThatThrownBy(remote::open)
                    .isInstanceOf(R2dbcNonTransientResourceException.class)
                    .hasMessageContaining("libsql://" + server.address())
                    .hasMessageContaining("its certificate is not trusted")
                    .hasMessageContaining(because)
                    .extracting(e -> ((R2dbcException) e).getSqlState())
                    .isEqualTo(Faults.CONNECTION_REFUSED);
        }
    }

    @Test
    void aCertificateThatTheTrustStoreVouchesForIsTaken() {
        try (TlsServer server = new TlsServer(TlsServer.signed(authority, "127.0.0.1", -1, 1));
                Remote remote = remote(server)) {
            server.server().enqueue(new MockResponse.Builder().code(200).build());
            server.server().enqueue(ScriptedServer.reply(ScriptedServer.VERSION));
            assertThat(remote.open()).isNotNull();
        }
    }

    @Test
    void aSelfSignedCertificateIsRefused() {
        refused(TlsServer.selfSigned("127.0.0.1"), "trust store");
    }

    @Test
    void aCertificateForAnotherHostIsRefused() {
        refused(TlsServer.signed(authority, "db.example.com", -1, 1), "another host name");
    }

    @Test
    void anExpiredCertificateIsRefused() {
        refused(TlsServer.signed(authority, "127.0.0.1", -30, -1), "it has expired (NotAfter: ");
    }

    @Test
    void aCertificateThatIsNotValidYetIsRefused() {
        refused(TlsServer.signed(authority, "127.0.0.1", 1, 30), "it is not valid yet (NotBefore: ");
    }

    /** As when a load balancer restarts: nothing is wrong that somebody must put right. */
    @Test
    void aHandshakeThatBreaksOffMayBeTriedAgain() throws Exception {
        try (ServerSocket deaf = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Remote remote = new Remote("https://127.0.0.1:" + deaf.getLocalPort())) {
            CompletableFuture<Void> hungUp = CompletableFuture.runAsync(() -> {
                try (Socket socket = deaf.accept()) {
                    // The client's hello; left unread, closing would reset the connection.
                    assertThat(socket.getInputStream().read(new byte[8192])).isPositive();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            assertThatThrownBy(remote::open)
                    .isInstanceOf(R2dbcTransientResourceException.class)
                    .extracting(e -> ((R2dbcException) e).getSqlState())
                    .isEqualTo(Faults.CONNECTION_FAILED);
            hungUp.get(10, TimeUnit.SECONDS);
        }
    }
}
