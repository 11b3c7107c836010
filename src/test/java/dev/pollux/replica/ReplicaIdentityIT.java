package dev.pollux.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.TaskId;
import dev.pollux.replica.LocalFile.Identity;
import dev.pollux.replica.RemoteDatabase.Dialect;
import io.r2dbc.spi.Connection;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

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

        copy.replica.rejoinAfterCopy().block(Site.WAIT);
        copy.sync();

        assertThat(remote.number("SELECT count(*) FROM Jobs")).isEqualTo(2);
        assertThat(copy.status(id)).as("a task of the other file now").isNull();
        a.sync();
        copy.sync();
    }

    @Test
    void ofTwoCopiesThatBothMissedAnAnswerOnlyTheFirstToComeIsLetIn() {
        Site a = site("a");
        a.sync();
        List<Object> before =
                a.file.sql("SELECT turn, nonce FROM PolluxReplica").get(0);
        a.sync();
        // The file as it is when a process dies before it hears the answer.
        a.file.sql("UPDATE PolluxReplica SET asked = json_array(nonce), turn = " + before.get(0) + ", nonce = '"
                + before.get(1) + "'");
        a.file.sql("VACUUM INTO '" + folder.resolve("copy.db") + "'");
        Site copy = site("copy");

        copy.sync();

        assertThat(failure(a)).isInstanceOf(ReplicaException.class).hasMessageContaining("was copied");
        copy.sync();
    }

    @Test
    void anAnswerThatWasLostManyTimesIsNoCopy() {
        Site a = site("a");
        a.sync();
        String last = String.valueOf(
                a.file.sql("SELECT nonce FROM PolluxReplica").get(0).get(0));
        for (int i = 0; i < 20; i++) {
            a.sync();
            // Of every second talk the request was lost, of the others the answer.
            a.file.sql("UPDATE PolluxReplica SET asked = json_array(nonce), nonce = '" + last + "'");
            if (i % 2 == 0) {
                remote.sql("UPDATE PolluxReplicas SET nonce = '" + last + "'");
            } else {
                last = String.valueOf(
                        remote.sql("SELECT nonce FROM PolluxReplicas").get(0).get(0));
            }
        }
        a.sync();
    }

    @Test
    void refusalsDoNotMakeItForgetATalkWhoseAnswerWasLost() {
        Site a = site("a");
        a.sync();
        String last = String.valueOf(
                a.file.sql("SELECT nonce FROM PolluxReplica").get(0).get(0));
        a.sync();
        a.file.sql("UPDATE PolluxReplica SET asked = json_array(nonce), nonce = '" + last + "'");
        String here = String.valueOf(
                remote.sql("SELECT nonce FROM PolluxReplicas").get(0).get(0));
        remote.sql("UPDATE PolluxReplicas SET nonce = 'that of a backup'");
        for (int i = 0; i < 10; i++) {
            assertThat(failure(a)).isInstanceOf(ReplicaException.class);
        }

        remote.sql("UPDATE PolluxReplicas SET nonce = '" + here + "'");

        a.sync();
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
        assertThat(a.status(id)).isEqualTo("Pending");

        a.replica.rejoinAfterReset().block(Site.WAIT);
        a.sync();
        assertThat(remoteStatus(id)).as("what the remote lacks").isEqualTo("Pending 0 ");
    }

    @Test
    void aRemoteThatIsRestoredWhileASyncGoesOnTakesNothingMore() {
        Site a = site("a");
        a.sync();
        Connection here =
                Mono.from(a.file.factory().create()).blockOptional(Site.WAIT).orElseThrow();
        Connection there =
                Mono.from(remote.factory().create()).blockOptional(Site.WAIT).orElseThrow();
        Identity me = Sync.begin(new LocalFile(here, Site.BY_HAND), there)
                .blockOptional(Site.WAIT)
                .orElseThrow();
        RemoteDatabase talk = new RemoteDatabase(there, Dialect.WITHOUT_RECURSION, Site.BY_HAND, me);
        talk.hello(List.of()).block(Site.WAIT);
        talk.feed(0).block(Site.WAIT);
        remote.sql("UPDATE PolluxReplicas SET turn = turn - 1");

        assertThatThrownBy(() -> talk.send(List.of()).block(Site.WAIT))
                .isInstanceOf(ReplicaException.class)
                .hasMessageContaining("restored from a backup");

        assertThat(remote.number("SELECT count(*) FROM PolluxRemote WHERE writer IS NOT NULL"))
                .isZero();
        Mono.from(here.close()).then(Mono.from(there.close())).block(Site.WAIT);
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
