package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.hrana.Ask.Stake;
import dev.pollux.r2dbc.hrana.HttpChannel.Reply;
import dev.pollux.r2dbc.hrana.PipelineReply.Result;
import dev.pollux.r2dbc.hrana.RequestWriter.Request;
import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Faults;
import java.util.List;
import java.util.Set;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Speaks Hrana over HTTP: one request, one answer, every failure an {@link io.r2dbc.spi.R2dbcException}. It keeps no
 * state of streams and emits on OkHttp's threads.
 *
 * @see <a href="https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_3_SPEC.md">Hrana 3</a>
 * @see <a href="https://github.com/tursodatabase/libsql/blob/main/docs/HTTP_V2_SPEC.md">Hrana 2 over HTTP</a>
 */
final class HranaClient {

    /** How servers that know nothing of version 3 answer to the question for it. */
    private static final Set<Integer> UNKNOWN_PATH = Set.of(400, 404, 405, 501);

    private final HranaOptions options;
    private final HttpChannel channel;
    private final HranaFaults faults;
    private final OwnWrites writes;
    private final LoneWrites loneWrites;

    HranaClient(HranaOptions options) {
        this.options = options;
        this.channel = new HttpChannel(options);
        this.faults = new HranaFaults(options);
        this.writes = new OwnWrites(options.consistentReads());
        this.loneWrites = new LoneWrites(this, options.base());
    }

    /**
     * What a server is.
     *
     * @param v3 whether it speaks version 3: cursors, and conditions on the state of a transaction
     * @param streams whether it keeps streams from one request to the next. Turso's own sync server does not: all its clients share
     *     one connection, and it knows no request to close a stream
     * @param sqliteVersion the SQLite in it
     */
    record Server(boolean v3, boolean streams, String sqliteVersion) {}

    HranaFaults faults() {
        return faults;
    }

    /** The replication index that reads are to come after, or null for none. */
    @Nullable
    Long after() {
        return writes.index();
    }

    /** The streams of writes outside transactions. */
    LoneWrites loneWrites() {
        return loneWrites;
    }

    /** Asks which version the server speaks, and which SQLite it is; so a wrong host or token shows here. */
    Mono<Server> discover() {
        Ask ask = new Ask(Stake.NOTHING, null, options.callTimeout());
        return channel.get(options.base() + "/v3")
                .onErrorMap(HttpFailure.class, e -> faults.http(e, false, ask))
                .flatMap(reply -> {
                    if (!reply.isSuccess() && !UNKNOWN_PATH.contains(reply.status())) {
                        return Mono.error(faults.status(reply, false, ask));
                    }
                    return reply.isSuccess()
                            ? pipeline(options.base(), true, null, List.of(version(), RequestWriter.CLOSE), ask)
                                    .map(answer -> new Server(true, true, sqliteVersion(answer, ask)))
                            : discoverStreams(ask);
                });
    }

    /** A server that keeps a stream gives a baton for it. */
    private Mono<Server> discoverStreams(Ask ask) {
        return Mono.defer(() -> {
            HranaStream stream = new HranaStream(this, false, options.base());
            return stream.send(List.of(version()), ask).flatMap(answer -> {
                boolean kept = stream.lost() == null;
                return stream.end(List.of(), ask)
                        .then(Mono.fromSupplier(() -> new Server(false, kept, sqliteVersion(answer, ask))));
            });
        });
    }

    private static Request version() {
        return new Request.Execute(Call.read("SELECT sqlite_version()"), null);
    }

    private String sqliteVersion(PipelineReply reply, Ask ask) {
        Result result = reply.first();
        if (result instanceof Result.Failed failed) {
            throw faults.server(failed.error(), ask);
        }
        if (result instanceof Result.Executed executed
                && executed.answer().rows().size() == 1
                && executed.answer().rows().get(0).length == 1) {
            return String.valueOf(executed.answer().rows().get(0)[0]);
        }
        throw faults.malformed(new MalformedReplyException("no version"), ask);
    }

    /** Posts a pipeline. A null baton opens a stream. */
    Mono<PipelineReply> pipeline(String base, boolean v3, @Nullable String baton, List<Request> requests, Ask ask) {
        Request first = requests.get(0);
        return Mono.defer(() -> {
                    // Servers that speak only version 2 may not know how to store texts.
                    RepeatedSql repeated = v3 ? RepeatedSql.in(first) : RepeatedSql.NONE;
                    return channel.post(
                                    base + path(v3, "pipeline"),
                                    RequestWriter.pipeline(baton, requests, repeated),
                                    ask.timeout())
                            .map(reply -> {
                                if (!reply.isSuccess()) {
                                    throw faults.status(reply, baton != null, ask);
                                }
                                return ReplyReader.read(reply.body()).without(repeated.count());
                            });
                })
                .doOnNext(reply -> writes.answered(first.after(), reply.first().index(), ask.lasts()))
                .onErrorMap(MalformedReplyException.class, e -> faults.malformed(e, ask))
                .onErrorMap(HttpFailure.class, e -> faults.http(e, first.after() != null, ask));
    }

    /**
     * Posts a cursor of one step. Whoever gets it must read it to its end or close it.
     *
     * @param after the replication index that it is to come after, or null for none
     */
    Mono<Cursor> cursor(
            String base, @Nullable String baton, Step step, @Nullable Long after, Ask ask, int portionRows) {
        return Mono.defer(() -> channel.stream(
                        base + path(true, "cursor"),
                        RequestWriter.cursor(baton, List.of(step), after),
                        ask.timeout(),
                        (call, response) -> Cursor.open(call, response, portionRows),
                        Cursor::close))
                .map(streamed -> {
                    Reply refusal = streamed.refusal();
                    if (refusal != null) {
                        throw faults.status(refusal, baton != null, ask);
                    }
                    Cursor cursor = streamed.opened();
                    if (cursor == null) {
                        throw new MalformedReplyException("neither a cursor nor a refusal");
                    }
                    return cursor;
                })
                .onErrorMap(MalformedReplyException.class, e -> faults.malformed(e, ask))
                .onErrorMap(HttpFailure.class, e -> faults.http(e, after != null, ask));
    }

    private static String path(boolean v3, String endpoint) {
        return (v3 ? "/v3/" : "/v2/") + endpoint;
    }

    /**
     * Where a stream goes on.
     *
     * @param base where it was so far
     * @param given what the server gave, or null for the same place
     */
    String follow(String base, @Nullable String given) {
        if (given == null) {
            return base;
        }
        boolean http = given.startsWith("http://");
        if ((!http && !given.startsWith("https://")) || HttpUrl.parse(given) == null) {
            throw new MalformedReplyException("a base_url that is no http address");
        }
        if (http && options.base().startsWith("https://")) {
            // The token would travel in the open.
            throw Faults.protocol(faults.where(), "the server sends a stream from https to http", null, null);
        }
        return given.endsWith("/") ? given.substring(0, given.length() - 1) : given;
    }

    Mono<Void> close() {
        return loneWrites.close().then(Mono.fromRunnable(channel::close));
    }
}
