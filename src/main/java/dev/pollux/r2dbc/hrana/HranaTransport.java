package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.hrana.HranaClient.Server;
import dev.pollux.r2dbc.transport.Faults;
import dev.pollux.r2dbc.transport.FreeThreads;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.Transport;
import java.time.Duration;
import reactor.core.publisher.Mono;

/**
 * A remote database on a libSQL server, over Hrana and HTTP.
 *
 * <p>The first {@link #open()} asks the server which protocol it speaks and which SQLite it is, so a wrong host or
 * token shows there; callers at the same time share the question, later ones its answer, and a failure is asked again.
 */
public final class HranaTransport implements Transport {

    private static final Duration FOR_EVER = Duration.ofMillis(Long.MAX_VALUE);

    private final HranaOptions options;
    private final HranaClient client;
    private final Mono<Server> server;
    private volatile boolean closed;

    /**
     * Makes a transport; nothing is connected yet.
     *
     * @throws IllegalStateException if OkHttp is not on the class path
     */
    public HranaTransport(HranaOptions options) {
        this.options = options;
        try {
            this.client = new HranaClient(options);
        } catch (NoClassDefFoundError e) {
            throw new IllegalStateException(
                    "a remote database needs OkHttp, which is not on the class path (" + e.getMessage()
                            + "): add com.squareup.okhttp3:okhttp-jvm 5 to the dependencies",
                    e);
        }
        this.server = client.discover().cache(found -> FOR_EVER, error -> Duration.ZERO, () -> Duration.ZERO);
    }

    @Override
    public Mono<Session> open() {
        return Mono.defer(() -> closed ? Mono.<Server>error(Faults.factoryClosed(describe())) : server)
                .<Session>map(found -> new HranaSession(client, options, found))
                .publishOn(FreeThreads.scheduler());
    }

    @Override
    public Mono<Void> close() {
        return Mono.defer(() -> {
            closed = true;
            return client.close();
        });
    }

    @Override
    public String describe() {
        return options.describe();
    }

    @Override
    public String toString() {
        return "HranaTransport[" + describe() + "]";
    }
}
