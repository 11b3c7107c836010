package dev.pollux.testing;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import mockwebserver3.MockWebServer;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;

/** A server on 127.0.0.1 that shows a certificate, and the trust of this JVM in it. */
public final class TlsServer implements AutoCloseable {

    private static final String PASSWORD = "changeit";

    private final MockWebServer server = new MockWebServer();

    /** Starts a server that shows this certificate. */
    public TlsServer(HeldCertificate certificate) {
        server.useHttps(new HandshakeCertificates.Builder()
                .heldCertificate(certificate)
                .build()
                .sslSocketFactory());
        try {
            server.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A certificate that signs itself, for that host. */
    public static HeldCertificate selfSigned(String host) {
        return new HeldCertificate.Builder()
                .commonName(host)
                .addSubjectAlternativeName(host)
                .build();
    }

    /** An authority that signs the certificates of others. */
    public static HeldCertificate authority() {
        return new HeldCertificate.Builder()
                .commonName("authority")
                .certificateAuthority(0)
                .build();
    }

    /** A certificate for that host, valid between two days that are counted from today. */
    public static HeldCertificate signed(HeldCertificate authority, String host, int firstDay, int lastDay) {
        long now = System.currentTimeMillis();
        return new HeldCertificate.Builder()
                .commonName(host)
                .addSubjectAlternativeName(host)
                .signedBy(authority)
                .validityInterval(now + TimeUnit.DAYS.toMillis(firstDay), now + TimeUnit.DAYS.toMillis(lastDay))
                .build();
    }

    /** The server, to be scripted. */
    public MockWebServer server() {
        return server;
    }

    /** Where it listens, for example {@code 127.0.0.1:12345}. */
    public String address() {
        return "127.0.0.1:" + server.getPort();
    }

    /**
     * What {@code making} makes while this JVM trusts a certificate, as it would with its trust store set by
     * {@code -Djavax.net.ssl.trustStore}.
     */
    public static <T> T trusting(X509Certificate certificate, Path folder, Supplier<T> making) {
        Path file = folder.resolve("trust.p12");
        try (OutputStream out = Files.newOutputStream(file)) {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setCertificateEntry("trusted", certificate);
            store.store(out, PASSWORD.toCharArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
        Map<String, String> settings = Map.of(
                "javax.net.ssl.trustStore",
                file.toString(),
                "javax.net.ssl.trustStoreType",
                "PKCS12",
                "javax.net.ssl.trustStorePassword",
                PASSWORD);
        Map<String, String> before = new TreeMap<>();
        settings.forEach((name, value) -> before.put(name, System.getProperty(name, "")));
        settings.forEach(System::setProperty);
        try {
            return making.get();
        } finally {
            before.forEach((name, value) -> {
                if (value.isEmpty()) {
                    System.clearProperty(name);
                } else {
                    System.setProperty(name, value);
                }
            });
        }
    }

    @Override
    public void close() {
        server.close();
    }
}
