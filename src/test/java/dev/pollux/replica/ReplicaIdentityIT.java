package dev.pollux.replica;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.TaskId;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Files that were copied, and servers that were made anew, restored, or have forgotten a replica. */
class ReplicaIdentityIT extends SyncedSites {

    @Test
    void aFileThatWasCopiedIsRefusedUntilItRejoins() {
        Site a = site("a");
        TaskId id = a.push("one");
        a.sync();
        a.file.sql("VACUUM INTO '" + folder.resolve("copy.db") + "'");
        a.sync();
        Site copy = site("copy");
        copy.push("new");

        assertThat(failure(copy))
                .isInstanceOf(ReplicaException.class)
                .hasMessageContaining("was copied")
                .hasMessageContaining("rejoinAfterCopy()");
        assertThat(remote.number("SELECT count(*) FROM Jobs")).isEqualTo(1);
        assertThat(copy.run(1)).as("what nobody else can have").containsExactly("new");

        copy.replica.rejoinAfterCopy().block(Site.WAIT);
        copy.sync();

        assertThat(remote.number("SELECT count(*) FROM Jobs")).isEqualTo(2);
        assertThat(copy.status(id)).as("a task of the other file now").isNull();
        a.sync();
        copy.sync();
    }

    /** The copy was let in, so it is the one that holds the tasks. */
    @Test
    void anOriginalThatIsRefusedStartsNothingThatItHeld() {
        Site a = site("a");
        TaskId held = a.push("held");
        takeTo(a);
        a.file.sql("VACUUM INTO '" + folder.resolve("copy.db") + "'");
        takeTo(site("copy"));
        assertThat(a.status(held)).isEqualTo("Pending");

        assertThat(failure(a)).isInstanceOf(ReplicaException.class).hasMessageContaining("was copied");

        assertThat(a.status(held)).isEqualTo("Queued pollux-remote");
        a.push("fresh");
        assertThat(a.run(1)).containsExactly("fresh");
    }

    @Test
    void whoCreatedATaskHearsOfItsEndAlsoFromARemoteThatWasMadeAnewAndHadItFromSomebodyElse() {
        Site a = site("a");
        Site b = site("b");
        TaskId id = heldElsewhere(a, b);
        a.sync();
        makeTheServerAnew();
        for (Site site : List.of(b, a)) {
            assertThat(failure(site)).isInstanceOf(ReplicaException.class);
            site.replica.rejoinAfterReset().block(Site.WAIT);
            takeTo(site);
        }
        assertThat(a.status(id)).as("held by the other").isEqualTo("Queued pollux-remote");

        assertThat(b.run(1)).containsExactly("one");
        b.sync();
        a.sync();

        assertThat(a.status(id)).isEqualTo("Done pollux-remote");
    }

    @Test
    void aRemoteThatWasMadeAnewIsRefusedUntilTheReplicaRejoins() {
        Site a = site("a");
        TaskId pooled = a.push("pooled");
        a.sync();
        TaskId unsent = a.push("unsent");
        makeTheServerAnew();

        assertThat(failure(a))
                .isInstanceOf(ReplicaException.class)
                .hasMessageContaining("made anew")
                .hasMessageContaining("rejoinAfterReset()");
        assertThat(remote.number("SELECT count(*) FROM Jobs")).isZero();

        a.replica.rejoinAfterReset().block(Site.WAIT);
        a.sync();

        assertThat(remoteStatus(pooled)).isEqualTo("Pending 0 ");
        assertThat(remoteStatus(unsent)).isEqualTo("Pending 0 ");
    }

    @Test
    void aRemoteThatWasRestoredIsRefusedUntilTheReplicaRejoins() {
        Site a = site("a");
        TaskId id = a.push("one");
        takeTo(a);
        List<List<Object>> backup = remote.sql("SELECT turn, nonce FROM PolluxReplicas");
        a.run(1);
        a.sync();
        remote.sql("UPDATE PolluxReplicas SET turn = " + backup.get(0).get(0) + ", nonce = '"
                + backup.get(0).get(1) + "'");
        restore("PolluxFeedUpdate", "UPDATE Jobs SET status = 'Queued', last_error = NULL, done_at = NULL");

        assertThat(failure(a)).isInstanceOf(ReplicaException.class).hasMessageContaining("restored from a backup");

        a.replica.rejoinAfterReset().block(Site.WAIT);
        a.sync();
        assertThat(remoteStatus(id)).as("what the remote has counts").isEqualTo("Pending 0 ");
    }

    @Test
    void aRemoteThatWasRestoredToAMomentWithinASyncIsRefusedToo() {
        Site a = site("a");
        a.sync();
        TaskId id = a.push("one");
        takeTo(a);
        // As it was when the talk had begun, and the task was not sent yet.
        remote.sql("UPDATE PolluxReplicas SET turn = turn - 1");
        restore("PolluxFeedDelete", "DELETE FROM Jobs");

        assertThat(failure(a)).isInstanceOf(ReplicaException.class).hasMessageContaining("restored from a backup");
        assertThat(a.status(id)).as("kept until somebody says how to go on").isEqualTo("Queued pollux-remote");

        a.replica.rejoinAfterReset().block(Site.WAIT);
        a.sync();
        assertThat(remoteStatus(id)).as("what the remote lacks").isEqualTo("Pending 0 ");
    }

    @Test
    void aReplicaThatWasForgottenIsToldSoAndGoesOnAfterRejoining() {
        Site a = site("a");
        TaskId id = a.push("one");
        a.sync();
        remote.sql("UPDATE PolluxReplicas SET last_seen = last_seen - 91 * 86400");
        site("b").sync();

        assertThat(failure(a)).isInstanceOf(ReplicaException.class).hasMessageContaining("does not know this replica");

        a.replica.rejoinAfterReset().block(Site.WAIT);
        assertThat(a.sync().refused()).isEmpty();
        assertThat(remoteStatus(id)).isEqualTo("Pending 0 ");
    }

    /** Changes tasks past the trigger that would tell of it: a backup tells nobody what it brings back. */
    private void restore(String trigger, String change) {
        String made = String.valueOf(remote.sql("SELECT sql FROM sqlite_schema WHERE name LIKE '" + trigger + "'")
                .get(0)
                .get(0));
        remote.sql("DROP TRIGGER " + trigger);
        remote.sql(change);
        remote.sql(made);
    }
}
