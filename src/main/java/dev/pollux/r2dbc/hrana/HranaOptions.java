package dev.pollux.r2dbc.hrana;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Where a remote database is and how to talk to it. Immutable; its text shows no token. */
public final class HranaOptions {

    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofDays(24);

    private final URI baseUri;
    private final Supplier<@Nullable String> authToken;
    private final Duration connectTimeout;
    private final Duration callTimeout;
    private final @Nullable Duration readTimeout;
    private final @Nullable Duration statementTimeout;
    private final String userAgent;
    private final boolean h2c;
    private final @Nullable String namespace;
    private final boolean consistentReads;

    private HranaOptions(Builder builder) {
        this.baseUri = builder.baseUri;
        this.authToken = builder.authToken;
        this.connectTimeout = builder.connectTimeout;
        this.callTimeout = builder.callTimeout;
        this.readTimeout = builder.readTimeout;
        this.statementTimeout = builder.statementTimeout;
        this.userAgent = builder.userAgent;
        this.h2c = builder.h2c;
        this.namespace = builder.namespace;
        this.consistentReads = builder.consistentReads;
    }

    /** Starts from the address of the server, for example {@code https://db.example.com} or {@code http://127.0.0.1:8080}. */
    public static Builder builder(URI baseUri) {
        return new Builder(Objects.requireNonNull(baseUri, "baseUri"));
    }

    /** The server's address: {@code http} or {@code https}, a host, and a port unless it is the scheme's own. */
    public URI baseUri() {
        return baseUri;
    }

    /**
     * Gives the access token, or null for none; asked before each request, so that a token can be renewed, and again when
     * it was refused.
     */
    public Supplier<@Nullable String> authToken() {
        return authToken;
    }

    /** How long to wait for a TCP connection. */
    public Duration connectTimeout() {
        return connectTimeout;
    }

    /** How long one request may take, from connecting to the last byte of its answer, waits for locks included. */
    public Duration callTimeout() {
        return callTimeout;
    }

    /**
     * How long the server may send nothing while an answer is awaited, or null for no limit but the others. A write that
     * waits for a lock is silent that long.
     */
    public @Nullable Duration readTimeout() {
        return readTimeout;
    }

    /** How long a statement may take, or null for no limit but the call timeout. */
    public @Nullable Duration statementTimeout() {
        return statementTimeout;
    }

    /** What the requests say they come from. */
    public String userAgent() {
        return userAgent;
    }

    /** Whether to speak HTTP/2 without TLS, which both sides must know beforehand. */
    public boolean h2c() {
        return h2c;
    }

    /** The namespace for the header {@code x-namespace-bin}, or null to send none. */
    public @Nullable String namespace() {
        return namespace;
    }

    /** Whether reads through a replica wait until it has the writes that were answered before. */
    public boolean consistentReads() {
        return consistentReads;
    }

    /** The database without secrets, for example {@code libsql://db.example.com}. */
    String describe() {
        return "libsql://" + baseUri.getHost() + (baseUri.getPort() < 0 ? "" : ":" + baseUri.getPort());
    }

    /** How long to bear the server's silence in a request that may take {@code most}. */
    Duration patience(Duration most) {
        return readTimeout == null || readTimeout.compareTo(most) > 0 ? most : readTimeout;
    }

    /** The base address without a slash at its end. */
    String base() {
        String text = baseUri.toString();
        return text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
    }

    @Override
    public String toString() {
        return "HranaOptions[" + describe() + ", connectTimeout=" + connectTimeout + ", callTimeout=" + callTimeout
                + ", readTimeout=" + readTimeout + ", statementTimeout=" + statementTimeout + ", h2c=" + h2c
                + ", namespace=" + namespace + ", consistentReads=" + consistentReads + "]";
    }

    /** Collects options; {@link #build()} checks them all and names every bad one. */
    public static final class Builder {
        private final URI baseUri;
        private Supplier<@Nullable String> authToken = () -> null;
        private Duration connectTimeout = Duration.ofSeconds(10);
        private Duration callTimeout = Duration.ofSeconds(30);
        private @Nullable Duration readTimeout;
        private @Nullable Duration statementTimeout;
        private String userAgent = "pollux-libsql/" + version();
        private boolean h2c;
        private @Nullable String namespace;
        private boolean consistentReads;

        private Builder(URI baseUri) {
            this.baseUri = baseUri;
        }

        /** A fixed access token, or null for none. */
        public Builder authToken(@Nullable String token) {
            return authToken(() -> token);
        }

        /**
         * Where tokens come from: asked before each request, must not block, may give null for none. When the server
         * refuses a token (401) it is asked again, and if it then gives another, the request is sent once more.
         */
        public Builder authToken(Supplier<@Nullable String> token) {
            this.authToken = Objects.requireNonNull(token, "authToken");
            return this;
        }

        /** How long to wait for a TCP connection: 10 seconds unless set. */
        public Builder connectTimeout(Duration timeout) {
            this.connectTimeout = Objects.requireNonNull(timeout, "connectTimeout");
            return this;
        }

        /** How long one request may take, waits for locks included: 30 seconds unless set. */
        public Builder callTimeout(Duration timeout) {
            this.callTimeout = Objects.requireNonNull(timeout, "callTimeout");
            return this;
        }

        /**
         * How long the server may send nothing while an answer is awaited: no limit but the others unless set. Shorter
         * than the call timeout, it finds a dead connection sooner; rows that stream have no other limit than this and
         * the call timeout, each for one silence.
         */
        public Builder readTimeout(@Nullable Duration timeout) {
            this.readTimeout = timeout;
            return this;
        }

        /** How long a statement may take: no limit but the call timeout unless set. */
        public Builder statementTimeout(@Nullable Duration timeout) {
            this.statementTimeout = timeout;
            return this;
        }

        /** What the requests say they come from: {@code pollux-libsql/<version>} unless set. */
        public Builder userAgent(String userAgent) {
            this.userAgent = Objects.requireNonNull(userAgent, "userAgent");
            return this;
        }

        /** Whether to speak HTTP/2 to a plain {@code http} address: false unless set. */
        public Builder h2c(boolean h2c) {
            this.h2c = h2c;
            return this;
        }

        /** The namespace, sent as a header; none unless set, and then the host's first label may name it. */
        public Builder namespace(@Nullable String namespace) {
            this.namespace = namespace;
            return this;
        }

        /**
         * Whether reads through a replica wait until it has the writes that this transport was answered before: false
         * unless set.
         */
        public Builder consistentReads(boolean consistentReads) {
            this.consistentReads = consistentReads;
            return this;
        }

        /**
         * Makes the options.
         *
         * @throws IllegalArgumentException naming every option that is wrong
         */
        public HranaOptions build() {
            List<String> wrong = new ArrayList<>();
            String scheme =
                    baseUri.getScheme() == null ? "" : baseUri.getScheme().toLowerCase(Locale.ROOT);
            if (!scheme.equals("http") && !scheme.equals("https")) {
                wrong.add("baseUri must begin with http: or https:");
            }
            if (baseUri.getHost() == null) {
                wrong.add("baseUri must name a host");
            }
            if (baseUri.getRawUserInfo() != null) {
                wrong.add("baseUri must not hold a user or password: use authToken");
            }
            if (baseUri.getRawQuery() != null || baseUri.getRawFragment() != null) {
                wrong.add("baseUri must have neither a query nor a fragment");
            }
            if (h2c && scheme.equals("https")) {
                wrong.add("h2c is for http: over https, HTTP/2 is agreed on by itself");
            }
            if (!userAgent.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
                wrong.add("userAgent must be of ASCII characters that can be seen");
            }
            within("connectTimeout", connectTimeout, wrong);
            within("callTimeout", callTimeout, wrong);
            within("readTimeout", readTimeout, wrong);
            positive("statementTimeout", statementTimeout, wrong);
            if (!wrong.isEmpty()) {
                throw new IllegalArgumentException("bad options for a remote database: " + String.join("; ", wrong));
            }
            return new HranaOptions(this);
        }

        /** OkHttp counts the milliseconds of these. */
        private static void within(String name, @Nullable Duration value, List<String> wrong) {
            if (value != null && (value.compareTo(SHORTEST) < 0 || value.compareTo(LONGEST) > 0)) {
                wrong.add(name + " must be " + SHORTEST + " to " + LONGEST + ", not " + value);
            }
        }

        private static void positive(String name, @Nullable Duration value, List<String> wrong) {
            if (value != null && (value.isNegative() || value.isZero())) {
                wrong.add(name + " must be positive, not " + value);
            }
        }

        private static String version() {
            String version = HranaOptions.class.getPackage().getImplementationVersion();
            return version == null ? "dev" : version;
        }
    }
}
