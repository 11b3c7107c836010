package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.hrana.RequestWriter.Request;
import dev.pollux.r2dbc.transport.Faults;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * A stream of the server, that is one SQLite connection: the chain of batons and the address it lives at. Its user
 * sends one request at a time.
 *
 * <pre>
 *   ready --send--> under way --answer--> ready
 *                       |--no answer, cancelled, refused--> lost
 * </pre>
 *
 * <p>Each answer brings the only baton that the next request may show, so an answer that is not read costs the stream.
 * A lost stream is never replaced by a new one here: its transaction went with it.
 */
final class HranaStream {

    private static final Logger LOG = LoggerFactory.getLogger(HranaStream.class);

    private final HranaClient client;
    private final boolean v3;

    // Written when an answer comes and read when the next request goes, on other threads but never at once.
    private volatile String base;
    private volatile @Nullable String baton;
    private volatile boolean underWay;
    private volatile @Nullable String lost;

    HranaStream(HranaClient client, boolean v3, String base) {
        this.client = client;
        this.v3 = v3;
        this.base = base;
    }

    /** Whether its statements can be made to run only inside a transaction. */
    boolean isGuarded() {
        return v3;
    }

    /** Why it can't be used any more, or null if it can. */
    @Nullable
    String lost() {
        if (underWay) {
            lose("a call on it was cancelled under way");
        }
        return lost;
    }

    void lose(String why) {
        if (lost == null) {
            lost = why;
        }
    }

    /** Sends a pipeline that leaves the stream open. */
    Mono<PipelineReply> send(List<Request> requests, Ask ask) {
        return Mono.defer(() -> {
            String gone = lost();
            if (gone != null) {
                return Mono.error(Faults.transactionLost(client.faults().where(), gone, ask.sql(), null));
            }
            boolean last = requests.get(requests.size() - 1) instanceof Request.Close;
            underWay = true;
            return client.pipeline(base, v3, baton, requests, ask)
                    .doOnNext(reply -> took(reply.baton(), reply.baseUrl(), last))
                    .onErrorMap(
                            MalformedReplyException.class, e -> client.faults().malformed(e, ask))
                    .doOnError(this::failed);
        });
    }

    /**
     * Sends a cursor; the stream is ready for its next request when that {@linkplain Cursor#ended() ended}.
     *
     * @param after the replication index that it is to come after, or null for none
     */
    Mono<Cursor> cursor(Step step, @Nullable Long after, Ask ask, int portionRows) {
        return Mono.defer(() -> {
            String gone = lost();
            if (gone != null) {
                return Mono.error(Faults.transactionLost(client.faults().where(), gone, ask.sql(), null));
            }
            underWay = true;
            return client.cursor(base, baton, step, after, ask, portionRows)
                    .doOnNext(cursor -> {
                        try {
                            took(cursor.baton(), cursor.baseUrl(), false);
                        } catch (RuntimeException e) {
                            cursor.close();
                            throw e;
                        }
                    })
                    .onErrorMap(
                            MalformedReplyException.class, e -> client.faults().malformed(e, ask))
                    .doOnError(this::failed);
        });
    }

    private void took(@Nullable String next, @Nullable String baseUrl, boolean last) {
        base = client.follow(base, baseUrl);
        baton = next;
        if (next == null && !last) {
            lose("the server closed its stream");
        }
        underWay = false;
    }

    private void failed(Throwable error) {
        lose(String.valueOf(error.getMessage()));
        baton = null;
        underWay = false;
    }

    /** Ends the stream, if there is one to end; best effort, for the server ends idle ones after 10 s by itself. */
    Mono<Void> end(List<Request> before, Ask ask) {
        return Mono.defer(() -> {
            String last = baton;
            if (last == null || underWay) {
                return Mono.empty();
            }
            baton = null;
            lose("it was ended");
            List<Request> requests = new ArrayList<>(before);
            requests.add(RequestWriter.CLOSE);
            return client.pipeline(base, v3, last, requests, ask)
                    .doOnError(e -> LOG.debug("A stream was not closed and will expire: {}", e.toString()))
                    .onErrorComplete()
                    .then();
        });
    }

    /** {@link #end} without waiting for it. */
    void endSoon(Ask ask) {
        // Its errors are logged and completed by end().
        end(List.of(), ask).subscribe();
    }
}
