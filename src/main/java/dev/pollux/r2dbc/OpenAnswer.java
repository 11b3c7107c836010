package dev.pollux.r2dbc;

import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Call;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;

/**
 * An answer that can be read once, and whose open cursor, if there is one, is always freed.
 *
 * <p>Races: {@code read} decides between the reader and the connection that moves on to its next statement; {@code
 * taken} decides between the reader's subscription to the further rows and the cancellation that frees them unread.
 */
final class OpenAnswer {

    private final Answer answer;
    private final Call.Kind kind;
    private @Nullable LibsqlRowMetadata metadata; // made when first asked for, by whoever asks
    private final AtomicBoolean read = new AtomicBoolean();
    private final AtomicBoolean taken;
    private volatile boolean abandoned;
    private final @Nullable Flux<List<@Nullable Object[]>> more;

    OpenAnswer(Answer answer, Call.Kind kind) {
        this.answer = answer;
        this.kind = kind;
        this.more = answer.more();
        this.taken = more == null ? read : new AtomicBoolean(); // of a whole answer there is nothing to take
    }

    LibsqlRowMetadata metadata() {
        LibsqlRowMetadata known = metadata;
        if (known == null) {
            known = new LibsqlRowMetadata(
                    answer.columns(),
                    answer.rows().isEmpty() ? null : answer.rows().get(0));
            metadata = known;
        }
        return known;
    }

    /** How many rows were changed, or null if the statement only reads. */
    @Nullable
    Long rowsUpdated() {
        return kind == Call.Kind.READ ? null : answer.rowsAffected();
    }

    /** Whether all rows are here. */
    boolean isWhole() {
        return more == null;
    }

    /** The first rows. */
    List<@Nullable Object[]> rows() {
        return answer.rows();
    }

    /** Fails if this was read before. */
    void check() {
        if (read.get()) {
            throw gone();
        }
    }

    /** Claims this for one reader. */
    void read() {
        if (!read.compareAndSet(false, true)) {
            throw gone();
        }
    }

    private IllegalStateException gone() {
        return new IllegalStateException(
                abandoned
                        ? "the result was not read before the connection was used again, and its rows are gone"
                        : "a result can be consumed only once");
    }

    /** All rows in portions, as fast as they are asked for; the cursor is freed at the end, on an error and on cancel. */
    Flux<List<@Nullable Object[]>> portions() {
        Flux<List<@Nullable Object[]>> rest = more;
        if (rest == null) {
            return Flux.just(answer.rows());
        }
        return Flux.concat(
                        Flux.just(answer.rows()),
                        Flux.defer(() -> taken.compareAndSet(false, true) ? rest : Flux.empty()))
                .doFinally(signal -> free());
    }

    /** Called when the connection is used again, for an open cursor would hold it up: rows that nobody reads are given up. */
    void abandonUnread() {
        if (read.compareAndSet(false, true)) {
            abandoned = true;
            free();
        }
    }

    /** Frees the cursor if nobody has subscribed to it. */
    void free() {
        if (more != null && taken.compareAndSet(false, true)) {
            more.subscribe(new Cancelling());
        }
    }

    private static final class Cancelling extends BaseSubscriber<List<@Nullable Object[]>> {
        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            subscription.cancel();
        }

        @Override
        protected void hookOnError(Throwable cause) {
            // Nobody reads this answer, so nobody misses what it could not give.
        }
    }
}
