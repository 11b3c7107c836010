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
 * <p>Races, while there is a cursor: {@code read} decides between the reader and the connection that moves on to its
 * next statement; {@code taken} decides between the reader's subscription to the further rows and the cancellation that
 * frees them unread. A whole answer has one reader and nothing to free, so it is spared the atomic operations: work of a
 * thousand calls has a thousand of these.
 */
final class OpenAnswer {

    private final Answer answer;
    private final Call.Kind kind;
    private @Nullable LibsqlRowMetadata metadata; // made when first asked for, by whoever asks
    private final @Nullable Rest rest;
    private boolean read; // if it is whole

    OpenAnswer(Answer answer, Call.Kind kind) {
        this.answer = answer;
        this.kind = kind;
        Flux<List<@Nullable Object[]>> more = answer.more();
        this.rest = more == null ? null : new Rest(more);
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
        return rest == null;
    }

    /** The first rows. */
    List<@Nullable Object[]> rows() {
        return answer.rows();
    }

    /** Fails if this was read before. */
    void check() {
        if (rest == null ? read : rest.read.get()) {
            throw gone();
        }
    }

    /** Claims this for one reader. */
    void read() {
        if (!claim()) {
            throw gone();
        }
    }

    private boolean claim() {
        if (rest != null) {
            return rest.read.compareAndSet(false, true);
        }
        boolean first = !read;
        read = true;
        return first;
    }

    private IllegalStateException gone() {
        return new IllegalStateException(
                rest != null && rest.abandoned
                        ? "the result was not read before the connection was used again, and its rows are gone"
                        : "a result can be consumed only once");
    }

    /** All rows in portions, as fast as they are asked for; the cursor is freed at the end, on an error and on cancel. */
    Flux<List<@Nullable Object[]>> portions() {
        Rest further = rest;
        if (further == null) {
            return Flux.just(answer.rows());
        }
        return Flux.concat(Flux.just(answer.rows()), Flux.defer(() -> further.take() ? further.portions : Flux.empty()))
                .doFinally(signal -> free());
    }

    /**
     * Called when the connection is used again, for an open cursor would hold it up: rows that nobody reads are given up.
     * If another thread is just passing this on, whoever gets it has not had the time to read: then {@link #passed} decides.
     */
    void abandonUnread() {
        if (rest == null) {
            return;
        }
        Thread by = rest.passing;
        if (by != null && by != Thread.currentThread()) {
            rest.usedAgain = true;
            if (rest.passing != null) {
                return;
            }
        }
        abandon(rest);
    }

    /** Called when whoever gets this has had it. */
    void passed() {
        if (rest != null) {
            rest.passing = null;
            if (rest.usedAgain) {
                abandon(rest);
            }
        }
    }

    private void abandon(Rest unread) {
        if (unread.read.compareAndSet(false, true)) {
            unread.abandoned = true;
            free();
        }
    }

    /** Frees the cursor if nobody has subscribed to it. */
    void free() {
        if (rest != null && rest.take()) {
            rest.portions.subscribe(new Cancelling());
        }
    }

    /** The rows after the first ones, which an open cursor reads. */
    private static final class Rest {
        private final Flux<List<@Nullable Object[]>> portions;
        private final AtomicBoolean read = new AtomicBoolean();
        private final AtomicBoolean taken = new AtomicBoolean();
        private volatile boolean abandoned;
        /** The thread that passes the answer on; null afterwards. */
        private volatile @Nullable Thread passing = Thread.currentThread();

        private volatile boolean usedAgain;

        Rest(Flux<List<@Nullable Object[]>> portions) {
            this.portions = portions;
        }

        boolean take() {
            return taken.compareAndSet(false, true);
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
