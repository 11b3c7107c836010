package dev.pollux.testing;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Instant;
import java.util.Base64;

/** A fresh Ed25519 key that signs access tokens for a {@link Sqld} started with it. */
public final class TokenKey {

    private final KeyPair pair;

    private TokenKey(KeyPair pair) {
        this.pair = pair;
    }

    /** A new key. */
    public static TokenKey create() {
        try {
            return new TokenKey(KeyPairGenerator.getInstance("Ed25519").generateKeyPair());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A token that may read and write. */
    public String readWrite() {
        return token("{\"a\":\"rw\"}");
    }

    /** A token that may only read. */
    public String readOnly() {
        return token("{\"a\":\"ro\"}");
    }

    /** A token that was good until an hour ago. */
    public String expired() {
        return token("{\"a\":\"rw\",\"exp\":" + Instant.now().minusSeconds(3600).getEpochSecond() + "}");
    }

    /** A token with any claims, given as JSON. */
    public String token(String claims) {
        String signed = base64url("{\"alg\":\"EdDSA\",\"typ\":\"JWT\"}".getBytes(StandardCharsets.UTF_8)) + "."
                + base64url(claims.getBytes(StandardCharsets.UTF_8));
        try {
            Signature signature = Signature.getInstance("Ed25519");
            signature.initSign(pair.getPrivate());
            signature.update(signed.getBytes(StandardCharsets.US_ASCII));
            return signed + "." + base64url(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The public half, as {@code --auth-jwt-key-file} wants it. */
    String publicKeyPem() {
        return "-----BEGIN PUBLIC KEY-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'})
                        .encodeToString(pair.getPublic().getEncoded())
                + "\n-----END PUBLIC KEY-----\n";
    }

    private static String base64url(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
