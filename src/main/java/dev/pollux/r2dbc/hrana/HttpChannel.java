package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.transport.Faults;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.ConnectionPool;
import okhttp3.Dispatcher;
import okhttp3.EventListener;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.BufferedSink;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Requests and answers as bytes, over OkHttp. It emits on OkHttp's threads, on which answers may be read but no user
 * code may run, save the supplier of tokens. Cancelling cancels the HTTP call, which closes its connection.
 *
 * <p>Nothing that may have run is ever sent twice: neither is a request whose connection broke. {@code
 * retryOnConnectionFailure(false)} is not enough for that, since OkHttp also repeats after a 503 with {@code Retry-After:
 * 0} or a 421; so bodies are one-shot as well. A request whose token was refused did not run, and a server keeps its
 * stream as it was: with another token, it is sent once more.
 *
 * @see <a href="https://square.github.io/okhttp/features/calls/">OkHttp on retries and follow-ups</a>
 */
final class HttpChannel {

    private static final MediaType JSON = MediaType.get("application/json");
    private static final int MAX_CALLS = 128;

    private final HranaOptions options;
    private final OkHttpClient client;
    private final ThreadPoolExecutor threads;

    /**
     * Makes a channel.
     *
     * @throws IllegalArgumentException if the options' host or port is none that HTTP knows
     */
    HttpChannel(HranaOptions options) {
        this.options = options;
        if (HttpUrl.parse(options.base()) == null) {
            throw new IllegalArgumentException("no server can have this address: is its host or port mistyped?");
        }
        AtomicInteger count = new AtomicInteger();
        this.threads =
                new ThreadPoolExecutor(0, Integer.MAX_VALUE, 60, TimeUnit.SECONDS, new SynchronousQueue<>(), r -> {
                    Thread thread = new Thread(r, "pollux-hrana-" + count.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        Dispatcher dispatcher = new Dispatcher(threads);
        dispatcher.setMaxRequests(MAX_CALLS);
        dispatcher.setMaxRequestsPerHost(MAX_CALLS);
        OkHttpClient.Builder builder = new OkHttpClient.Builder()
                .dispatcher(dispatcher)
                .connectionPool(new ConnectionPool(MAX_CALLS, 5, TimeUnit.MINUTES))
                .socketFactory(new NoDelaySocketFactory())
                .connectTimeout(options.connectTimeout())
                // Without a timeout of its own, that of the call is the one that counts; see stream() for the other
                // kind.
                .readTimeout(options.readTimeout() == null ? Duration.ZERO : options.readTimeout())
                .writeTimeout(Duration.ZERO)
                .callTimeout(options.callTimeout())
                .retryOnConnectionFailure(false)
                .followRedirects(false)
                .followSslRedirects(false);
        if (options.h2c()) {
            builder.protocols(List.of(Protocol.H2_PRIOR_KNOWLEDGE));
        }
        this.client = builder.build();
    }

    /**
     * An answer read to its end.
     *
     * @param hadToken whether the request carried an access token
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Reply(int status, byte[] body, boolean hadToken) implements Answered {
        boolean isSuccess() {
            return status >= 200 && status < 300;
        }

        @Override
        public boolean refusesToken() {
            return status == 401;
        }
    }

    private interface Answered {
        /** Whether the server did not even look at the request, for want of a token that is good. */
        boolean refusesToken();
    }

    /** Reads a successful answer as it comes. */
    interface Opener<T> {
        /** Reads the beginning and takes charge of the response, or throws and leaves it. */
        T open(Call call, Response response) throws IOException;
    }

    /** An answer that is read as it comes, or a reply that is none. */
    record Streamed<T>(@Nullable T opened, @Nullable Reply refusal) implements Answered {
        @Override
        public boolean refusesToken() {
            return refusal != null && refusal.refusesToken();
        }
    }

    Mono<Reply> get(String url) {
        return exchange(url, null, client, options.callTimeout(), (call, response, secret) -> whole(response, secret));
    }

    Mono<Reply> post(String url, byte[] body, Duration timeout) {
        return exchange(url, body, client, timeout, (call, response, secret) -> whole(response, secret));
    }

    /**
     * Posts and streams the answer. The timeout is that of each read, unless the options' own is shorter, and not of the
     * whole: the reader may take its time.
     *
     * @param close frees what was opened when nobody wants it any more
     */
    <T> Mono<Streamed<T>> stream(String url, byte[] body, Duration timeout, Opener<T> opener, Consumer<T> close) {
        OkHttpClient streaming = client.newBuilder()
                .callTimeout(Duration.ZERO)
                .readTimeout(options.patience(timeout))
                .writeTimeout(timeout)
                .build();
        return this.<Streamed<T>>exchange(url, body, streaming, Duration.ZERO, (call, response, secret) -> {
                    if (!response.isSuccessful()) {
                        return new Streamed<>(null, whole(response, secret));
                    }
                    return new Streamed<>(opener.open(call, response), null);
                })
                .doOnDiscard(Streamed.class, streamed -> discard(streamed, close));
    }

    @SuppressWarnings("unchecked")
    private static <T> void discard(Streamed<?> streamed, Consumer<T> close) {
        if (streamed.opened() != null) {
            close.accept((T) streamed.opened());
        }
    }

    void close() {
        threads.shutdown();
        client.connectionPool().evictAll();
    }

    private interface Reading<T> {
        T read(Call call, Response response, @Nullable String secret) throws IOException;
    }

    /** Sends a request, and once more if its token was refused and has been replaced in the meantime. */
    private <T extends Answered> Mono<T> exchange(
            String url, byte @Nullable [] body, OkHttpClient with, Duration timeout, Reading<T> reading) {
        return Mono.defer(() -> {
            String secret = secret();
            return send(request(url, body, secret), secret, with, timeout, reading)
                    .flatMap(answer -> {
                        String next = answer.refusesToken() ? secret() : secret;
                        return Objects.equals(next, secret)
                                ? Mono.just(answer)
                                : send(request(url, body, next), next, with, timeout, reading);
                    });
        });
    }

    /**
     * Who wins between the answer and a cancel is decided by the future: one completes it, the other finds it done.
     */
    private static <T> Mono<T> send(
            Request request, @Nullable String secret, OkHttpClient with, Duration timeout, Reading<T> reading) {
        return Mono.fromFuture(() -> {
            Call call = with.newCall(request);
            call.timeout().timeout(timeout.toNanos(), TimeUnit.NANOSECONDS);
            Sending sending = new Sending();
            call.addEventListener(sending);
            CompletableFuture<T> future = new Answering<>(call);
            call.enqueue(new Callback() {
                @Override
                public void onFailure(Call failed, IOException e) {
                    future.completeExceptionally(new HttpFailure(e, sending.begun));
                }

                @Override
                public void onResponse(Call answered, Response response) {
                    try {
                        T value = reading.read(answered, response, secret);
                        if (!future.complete(value)) {
                            response.close();
                        }
                    } catch (IOException e) {
                        response.close();
                        future.completeExceptionally(new HttpFailure(e, true));
                    } catch (RuntimeException e) {
                        response.close();
                        future.completeExceptionally(e);
                    }
                }
            });
            return future;
        });
    }

    /** Cancels the call if it is cancelled before it is answered. */
    private static final class Answering<T> extends CompletableFuture<T> {
        private final Call call;

        Answering(Call call) {
            this.call = call;
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            boolean won = super.cancel(mayInterruptIfRunning);
            if (won) {
                call.cancel();
            }
            return won;
        }
    }

    private @Nullable String secret() {
        String token;
        try {
            token = options.authToken().get();
        } catch (RuntimeException e) {
            throw Faults.connectionFailed(options.describe(), "the supplier of access tokens failed", e);
        }
        if (token == null || token.isBlank()) {
            return null;
        }
        String secret = token.strip();
        if (!secret.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw Faults.unauthorized(
                    options.describe(), "the access token holds a character that no token can hold", null);
        }
        return secret;
    }

    private Request request(String url, byte @Nullable [] body, @Nullable String secret) {
        Request.Builder request = new Request.Builder().url(url).header("User-Agent", options.userAgent());
        if (secret != null) {
            request.header("Authorization", "Bearer " + secret);
        }
        if (options.namespace() != null) {
            // A binary header, as gRPC has them: base64 of the bytes.
            request.header(
                    "x-namespace-bin",
                    Base64.getEncoder()
                            .withoutPadding()
                            .encodeToString(options.namespace().getBytes(StandardCharsets.UTF_8)));
        }
        return (body == null ? request.get() : request.post(new OneShot(body))).build();
    }

    /** The whole answer. A refusal that echoes the token has it struck out, for its text goes into messages. */
    private static Reply whole(Response response, @Nullable String secret) throws IOException {
        try (response) {
            byte[] body = response.body().bytes();
            if (!response.isSuccessful() && secret != null) {
                body = new String(body, StandardCharsets.UTF_8)
                        .replace(secret, "***")
                        .getBytes(StandardCharsets.UTF_8);
            }
            return new Reply(response.code(), body, secret != null);
        }
    }

    /** Notes that the request began to be sent: before that, a failure means that nothing ran. */
    private static final class Sending extends EventListener {
        private volatile boolean begun;

        @Override
        public void requestHeadersStart(Call call) {
            begun = true;
        }
    }

    private static final class OneShot extends RequestBody {
        private final byte[] bytes;

        OneShot(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public MediaType contentType() {
            return JSON;
        }

        @Override
        public long contentLength() {
            return bytes.length;
        }

        @Override
        public boolean isOneShot() {
            return true;
        }

        @Override
        public void writeTo(BufferedSink sink) throws IOException {
            sink.write(bytes);
        }
    }
}
