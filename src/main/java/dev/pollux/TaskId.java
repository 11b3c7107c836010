package dev.pollux;

import com.github.f4b6a3.ulid.Ulid;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A task's id: a <a href="https://github.com/ulid/spec">ULID</a> of 26 characters, so that ids sort by the time they
 * were made.
 *
 * @param value the id as the {@code Jobs.id} column holds it. Rows that other programs wrote may hold ids that are no
 *     ULIDs: they can be read, but not pushed.
 */
public record TaskId(String value) {

    private static final AtomicReference<Ulid> LAST = new AtomicReference<>(Ulid.fast());

    public TaskId {
        if (value.isEmpty()) {
            throw new IllegalArgumentException("a task id cannot be empty");
        }
        if (Texts.hasHalfPair(value)) {
            throw new IllegalArgumentException(
                    "task id " + Texts.shown(value) + " holds half of a surrogate pair, which is no text in UTF-8");
        }
    }

    /** A fresh id, greater than every id this JVM made before. Never blocks. */
    public static TaskId next() {
        // Ulid.fast() takes no lock and reads no entropy device, unlike the library's factories, which would block.
        Ulid next = LAST.updateAndGet(last -> {
            Ulid fresh = Ulid.fast();
            return fresh.getTime() > last.getTime() ? fresh : last.increment();
        });
        return new TaskId(next.toString());
    }

    /** The id that a ULID's text stands for; any other text is an {@link IllegalArgumentException}. */
    public static TaskId of(String ulid) {
        TaskId id = new TaskId(ulid);
        if (!id.isUlid()) {
            throw new IllegalArgumentException(
                    Texts.shown(ulid) + " is no ULID: a task id has 26 characters of Crockford's"
                            + " base 32; use TaskId.next() for a fresh one");
        }
        return id;
    }

    /** Whether the value is a ULID. */
    public boolean isUlid() {
        return Ulid.isValid(value);
    }

    /** As messages show it: one that is no ULID may be anything. */
    String shown() {
        return isUlid() ? value : Texts.shown(value);
    }

    @Override
    public String toString() {
        return value;
    }
}
