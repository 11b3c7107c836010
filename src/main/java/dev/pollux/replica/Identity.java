package dev.pollux.replica;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a file is, and how it stands with its remote. Each talk, that is each sync, has a name of its own, a nonce. The remote lets in
 * whoever knows what the last one was called, so a request that comes late, or from a copy, names a talk that is the last no more.
 *
 * @param remote the database that it talked with last, or null
 * @param turn the number of the last request that was answered
 * @param nonce what it called the last talk, or null
 * @param asked what it called talks whose answers are not known, the newest last; they may take place yet
 * @param cursor how far it has read the remote's feed
 * @param forced whether it is to be believed whatever the remote remembers of it
 */
record Identity(
        String id,
        @Nullable String remote,
        long turn,
        @Nullable String nonce,
        List<String> asked,
        long cursor,
        boolean forced) {

    /** How many talks that may take place yet are remembered: requests do not stay under way for that long. */
    private static final int REMEMBERED = 8;

    /** The beginning of the names of its workers on the remote; the queue follows. */
    String workerPrefix() {
        return "pollux-replica:" + id + ":";
    }

    /** What it calls the talk that goes on. */
    String talk() {
        return asked.get(asked.size() - 1);
    }

    /** What the last talk may have been, by all that is known here. */
    List<String> nonces() {
        List<String> nonces = new ArrayList<>(asked);
        if (nonce != null) {
            nonces.add(nonce);
        }
        return nonces;
    }

    /**
     * With a talk that is to begin.
     *
     * @param last what the remote calls the last one; empty if it knows of none or was not asked
     */
    Identity withTalk(Optional<String> last, String talk) {
        List<String> open = new ArrayList<>(asked);
        boolean ours = last.isPresent() && (open.remove(last.get()) || forced);
        open.add(talk);
        return with(ours ? last.get() : nonce, open.subList(Math.max(0, open.size() - REMEMBERED), open.size()));
    }

    /** Without the talk that was to begin, which the remote has refused. */
    Identity refused() {
        return with(nonce, asked.subList(0, asked.size() - 1));
    }

    private Identity with(@Nullable String nonce, List<String> asked) {
        return new Identity(id, remote, turn, nonce, List.copyOf(asked), cursor, forced);
    }
}
