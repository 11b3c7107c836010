package dev.pollux.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.NewTask;
import dev.pollux.TaskId;
import dev.pollux.r2dbc.LibsqlConnectionFactory;
import dev.pollux.testing.RustTables;
import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import io.r2dbc.spi.R2dbcException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/** Files that sync with a real sqld, one step at a time. */
class ReplicaIT {

    @TempDir
    Path folder;

    private final List<Site> sites = new ArrayList<>();
    private TestDatabase remote;

    @BeforeEach
    void emptyServer() {
        Sqld.shared().reset();
        remote = TestDatabase.at(Sqld.shared().r2dbcUrl());
    }

    @AfterEach
    void closeSites() {
        sites.forEach(Site::close);
    }

    private Site site(String name) {
        return site(name, Site.BY_HAND);
    }

    private Site site(String name, ReplicaConfig config) {
        return open(name, Sqld.shared().r2dbcUrl(), config);
    }

    /** A machine that has no network. */
    private Site offline(String name) {
        return open(name, "http://127.0.0.1:1", Site.BY_HAND);
    }

    private Site open(String name, String url, ReplicaConfig config) {
        Site site = new Site(folder.resolve(name + ".db"), url, config);
        sites.add(site);
        return site;
    }

    private void close(Site site) {
        sites.remove(site);
        site.close();
    }

    private String remoteStatus(TaskId id) {
        return String.valueOf(remote.sql(
                        "SELECT coalesce((SELECT status || ' ' || attempts || ' ' || ifnull(lock_by, '') FROM Jobs WHERE id = '"
                                + id.value() + "'), 'none')")
                .get(0)
                .get(0));
    }

    /** The remote finds that a machine was silent for long, and its workers' sweep returns what it held. */
    private void loseHoldsOf(Site site) {
        String id = String.valueOf(
                site.file.sql("SELECT id FROM PolluxReplica").get(0).get(0));
        remote.sql("UPDATE Workers SET last_seen = last_seen - 1000 WHERE id LIKE 'pollux-replica:" + id + ":%'");
        LibsqlStorage.create(remote.factory(), String.class, Config.of(Site.QUEUE))
                .reenqueueOrphaned()
                .block(Site.WAIT);
    }

    private static Throwable failure(Site site) {
        return catchThrowable(site::sync);
    }

    @Test
    void anOutcomeReachedOfflineGoesUp() {
        Site a = site("a");
        TaskId id = a.push("one");
        assertThat(a.run(1)).containsExactly("one");

        SyncReport report = a.sync();

        assertThat(report.sent()).isEqualTo(1);
        assertThat(report.unsent()).isZero();
        assertThat(remoteStatus(id)).startsWith("Done 0 pollux-replica:");
        assertThat(a.sync().sent()).isZero();
    }

    @Test
    void aTaskThatNobodyPollsForHereGoesToThePoolAndRunsElsewhere() {
        Site a = site("a");
        Site b = site("b");
        TaskId id = a.push("one");

        assertThat(a.sync().returned()).isEqualTo(1);
        assertThat(remoteStatus(id)).isEqualTo("Pending 0 ");
        assertThat(a.status(id)).isEqualTo("Queued pollux-remote");

        takeTo(b);
        assertThat(remoteStatus(id)).startsWith("Queued 0 pollux-replica:");
        assertThat(b.run(1)).containsExactly("one");
        assertThat(b.sync().sent()).isEqualTo(1);
        assertThat(remoteStatus(id)).startsWith("Done 0 pollux-replica:");

        assertThat(a.sync().heard()).isEqualTo(1);
        assertThat(a.status(id)).isEqualTo("Done pollux-remote");
        assertThat(a.storage
                        .fetchById(id)
                        .map(task -> String.valueOf(task.context().lastError()))
                        .block(Site.WAIT))
                .isEqualTo("{\"Ok\":\"one\"}");
    }

    private static SyncReport takeTo(Site site) {
        Disposable waiting = site.demand();
        try {
            return site.sync();
        } finally {
            waiting.dispose();
        }
    }

    @Test
    void aTaskThatIsPolledForHereIsHeldForUs() {
        Site a = site("a");
        TaskId id = a.push("one");

        assertThat(takeTo(a).returned()).isZero();

        assertThat(remoteStatus(id)).startsWith("Queued 0 pollux-replica:");
        assertThat(a.status(id)).isEqualTo("Pending");
        assertThat(takeTo(site("b")).taken()).isZero();
    }

    @Test
    void whatWasInTheFileBeforeItBecameAReplicaIsSent() {
        LibsqlConnectionFactory plain = LibsqlConnectionFactory.of("file:" + folder.resolve("a.db"));
        LibsqlStorage<String> storage = LibsqlStorage.create(plain, String.class, Config.of(Site.QUEUE));
        TaskId id = TaskId.next();
        storage.setup().then(storage.push(NewTask.of("old").id(id))).block(Site.WAIT);
        plain.close().block(Site.WAIT);

        Site a = site("a");
        a.sync();

        assertThat(remoteStatus(id)).isEqualTo("Pending 0 ");
    }

    @Test
    void databasesThatTheRustCrateMadeSyncToo() {
        RustTables.create(remote);
        RustTables.create(TestDatabase.of(() -> LibsqlConnectionFactory.of("file:" + folder.resolve("a.db"))));
        Site a = site("a");
        Site b = site("b");
        TaskId here = a.push("here");
        assertThat(a.run(1)).containsExactly("here");
        // Its tables keep a worker that has gone for as long as tasks name it: it is silent, not forgotten.
        a.file.sql("UPDATE Workers SET last_seen = last_seen - 1000 WHERE worker_type = '" + Site.QUEUE + "'");
        TaskId elsewhere = a.push("elsewhere");
        a.sync();
        takeTo(b);
        b.run(1);
        b.sync();
        a.sync();

        assertThat(remoteStatus(here)).startsWith("Done 0 pollux-replica:");
        assertThat(a.status(elsewhere)).isEqualTo("Done pollux-remote");
    }

    @Test
    void whatOtherProgramsDoOnTheServerIsHeard() {
        Site a = site("a");
        a.sync();
        remote.sql("INSERT INTO Jobs (job, id, job_type) VALUES (CAST('\"theirs\"' AS BLOB), 'task-of-theirs', '"
                + Site.QUEUE + "')");

        assertThat(takeTo(a).taken()).isEqualTo(1);
        assertThat(a.run(1)).containsExactly("theirs");
        a.sync();

        assertThat(remoteStatus(new TaskId("task-of-theirs"))).startsWith("Done 0 pollux-replica:");
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

    @Test
    void replicasShareThePoolFairlyAndHoldNoMoreThanTheyMay() {
        Site a = site("a");
        Site b = site("b", ReplicaConfig.builder().background(false).mostHeld(3).build());
        Site c = site("c");
        for (int i = 0; i < 10; i++) {
            a.push("task " + i);
        }
        a.sync();
        Disposable waitingB = b.demand();
        Disposable waitingC = c.demand();
        try {
            assertThat(b.sync().taken()).isEqualTo(3);
            assertThat(b.sync().taken()).isZero();
            assertThat(c.sync().taken()).as("half of 7").isEqualTo(4);
        } finally {
            waitingB.dispose();
            waitingC.dispose();
        }
    }

    @Test
    void anOutcomeOfAHoldThatWasLostIsRefusedKeptAndReported() {
        Site a = site("a");
        Site b = site("b");
        TaskId id = a.push("one");
        a.sync();
        takeTo(b);
        loseHoldsOf(b);
        assertThat(b.run(1)).containsExactly("one");

        SyncReport report = b.sync();

        assertThat(report.refused()).containsExactly(id);
        assertThat(remoteStatus(id)).isEqualTo("Pending 1 ");
        assertThat(b.status(id)).as("a task of others, in the pool").isNull();
        assertThat(b.file.sql("SELECT task, status, last_error FROM PolluxRefused"))
                .containsExactly(List.of(id.value(), "Done", "{\"Ok\":\"one\"}"));
        assertThat(takeTo(a).taken()).isEqualTo(1);
        assertThat(a.status(id)).isEqualTo("Pending");
    }

    @Test
    void aTaskThatIsForgottenWithAChangeUnsentIsNotDeletedForTheOthers() {
        Site a = site("a");
        Site b = site("b");
        TaskId id = a.push("one");
        a.sync();
        takeTo(b);
        b.file.sql("UPDATE Jobs SET status = 'Failed', attempts = 1 WHERE id = '" + id.value() + "'");
        loseHoldsOf(b);

        b.sync();

        assertThat(b.status(id)).isNull();
        assertThat(remoteStatus(id)).isEqualTo("Pending 1 ");
    }

    @Test
    void anOutcomeThatIsNotSentYetCannotBeDeleted() {
        Site a = site("a");
        TaskId id = a.push("one");
        takeTo(a);
        a.run(1);

        a.file.sql("DELETE FROM Jobs WHERE status = 'Done'");
        assertThat(a.status(id)).startsWith("Done");
        a.sync();
        a.file.sql("DELETE FROM Jobs WHERE status = 'Done'");

        assertThat(a.status(id)).isNull();
        a.sync();
        assertThat(remoteStatus(id)).startsWith("Done 0 ");
    }

    @Test
    void afterARestartWithoutNetworkOnlyTasksThatWereNeverSyncedRun() {
        Site a = site("a");
        TaskId synced = a.push("synced");
        takeTo(a);
        assertThat(a.status(synced)).isEqualTo("Pending");
        close(a);

        Site restarted = offline("a");
        TaskId fresh = restarted.push("fresh");
        assertThat(restarted.run(1)).containsExactly("fresh");
        assertThat(failure(restarted)).isInstanceOf(R2dbcException.class);
        assertThat(restarted.status(synced)).isEqualTo("Queued pollux-remote");
        close(restarted);

        Site online = site("a");
        takeTo(online);
        assertThat(online.status(synced)).isEqualTo("Pending");
        assertThat(online.run(1)).containsExactly("synced");
        online.sync();
        assertThat(remoteStatus(synced)).startsWith("Done 0 ");
        assertThat(remoteStatus(fresh)).startsWith("Done 0 ");
    }

    @Test
    void afterARestartWithoutNetworkATaskThatRanIsNotStartedAgain() {
        Site a = site("a");
        TaskId synced = a.push("synced");
        takeTo(a);
        close(a);
        // As its process died while it ran.
        a.file.sql("UPDATE Jobs SET status = 'Running', lock_by = 'dead', lock_at = 1 WHERE id = '" + synced.value()
                + "'");

        Site restarted = offline("a");
        restarted.push("fresh");

        assertThat(restarted.run(1)).containsExactly("fresh");
        assertThat(restarted.file.number("SELECT count(*) FROM Jobs WHERE id = '" + synced.value()
                        + "' AND status IN ('Pending', 'Queued') AND attempts = 1"))
                .isEqualTo(1);
    }

    @Test
    void whoIsSilentForTooLongStopsStartingWhatTheRemoteKnows() {
        Site a = site(
                "a",
                ReplicaConfig.builder()
                        .background(false)
                        .syncInterval(Duration.ofMillis(10))
                        .reenqueueOrphanedAfter(Duration.ofSeconds(2))
                        .margin(Duration.ofMillis(1900))
                        .build());
        TaskId id = a.push("one");
        takeTo(a);

        a.file.becomes(
                        "SELECT lock_by FROM Jobs WHERE id = '" + id.value() + "'",
                        "pollux-remote",
                        Flux.interval(Duration.ofMillis(10)))
                .block(Site.WAIT);

        takeTo(a);
        assertThat(a.status(id)).isEqualTo("Pending");
    }

    @Test
    void theFileItselfKeepsBackWhatTheRemoteMayHaveGivenAway() {
        Site a = site("a");
        TaskId id = a.push("held");
        takeTo(a);
        // As after a machine has slept: its monotonic clock has stood still.
        a.file.sql("UPDATE PolluxReplica SET hold_until = unixepoch() - 1");
        a.push("fresh");

        assertThat(a.run(1)).containsExactly("fresh");

        assertThat(a.status(id)).isEqualTo("Pending");
    }

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
    void aRemoteThatWasMadeAnewIsRefusedUntilTheReplicaRejoins() {
        Site a = site("a");
        TaskId pooled = a.push("pooled");
        a.sync();
        TaskId unsent = a.push("unsent");
        Sqld.shared().reset();

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
        List<List<Object>> backup = remoteReplicas();
        a.run(1);
        a.sync();
        remote.sql("UPDATE PolluxReplicas SET turn = " + backup.get(0).get(0) + ", nonce = '"
                + backup.get(0).get(1) + "'");
        remote.sql("UPDATE Jobs SET status = 'Queued', last_error = NULL, done_at = NULL");

        assertThat(failure(a)).isInstanceOf(ReplicaException.class).hasMessageContaining("restored from a backup");

        a.replica.rejoinAfterReset().block(Site.WAIT);
        a.sync();
        assertThat(remoteStatus(id)).as("what the remote has counts").isEqualTo("Pending 0 ");
    }

    private List<List<Object>> remoteReplicas() {
        return remote.sql("SELECT turn, nonce FROM PolluxReplicas");
    }

    @Test
    void cancellingDeletingRetryingAndReschedulingTravelUp() {
        Site a = site("a");
        TaskId cancelled = a.push("cancelled");
        TaskId deleted = a.push("deleted");
        TaskId rescheduled = a.push("rescheduled");
        TaskId retried = a.push("retried");
        a.sync();
        Site b = site("b");
        a.file.sql("UPDATE Jobs SET status = 'Killed', last_error = '{\"Err\":\"no\"}', done_at = 1 WHERE id = '"
                + cancelled.value() + "'");
        a.file.sql("DELETE FROM Jobs WHERE id = '" + deleted.value() + "'");
        a.file.sql("UPDATE Jobs SET priority = 7, run_at = run_at + 1000 WHERE id = '" + rescheduled.value() + "'");
        a.sync();

        assertThat(remoteStatus(cancelled)).isEqualTo("Killed 0 ");
        assertThat(remoteStatus(deleted)).isEqualTo("none");
        assertThat(remote.sql(
                        "SELECT priority FROM Jobs WHERE id = '" + rescheduled.value() + "' AND run_at > unixepoch()"))
                .containsExactly(List.of(7L));
        takeTo(b);
        assertThat(b.run(1)).containsExactly("retried");
        b.sync();
        a.sync();
        assertThat(a.status(retried)).isEqualTo("Done pollux-remote");

        a.file.sql("UPDATE Jobs SET status = 'Pending', attempts = 0, lock_by = NULL WHERE id = '" + retried.value()
                + "'");
        assertThat(a.run(1)).containsExactly("retried");
        a.sync();

        assertThat(remoteStatus(retried)).startsWith("Done 0 pollux-replica:");
        assertThat(b.sync().refused()).isEmpty();
    }

    @Test
    void cancellingDeletingRetryingAndReschedulingTravelDown() {
        Site a = site("a");
        TaskId cancelled = a.push("cancelled");
        TaskId deleted = a.push("deleted");
        TaskId rescheduled = a.push("rescheduled");
        TaskId retried = a.push("retried");
        a.run(4);
        a.sync();
        TaskId held = a.push("held");
        takeTo(a);
        remote.sql("UPDATE Jobs SET status = 'Pending', attempts = 0, lock_by = NULL, lease = NULL WHERE id = '"
                + retried.value() + "'");
        takeTo(a);
        assertThat(a.status(retried)).isEqualTo("Pending");

        remote.sql("UPDATE Jobs SET priority = 9 WHERE id = '" + held.value() + "'");
        a.sync();
        assertThat(a.file.sql("SELECT priority FROM Jobs WHERE id = '" + held.value() + "'"))
                .containsExactly(List.of(9L));
        remote.sql("UPDATE Jobs SET status = 'Killed', last_error = '{\"Err\":\"no\"}', done_at = 1 WHERE id = '"
                + held.value() + "'");
        remote.sql("DELETE FROM Jobs WHERE id = '" + retried.value() + "'");
        a.sync();

        assertThat(a.status(held)).isEqualTo("Killed pollux-remote");
        assertThat(a.status(retried)).isNull();
        remote.sql("DELETE FROM Jobs");
        a.sync();
        assertThat(a.status(cancelled)).as("each side has its own retention").startsWith("Done");
        assertThat(a.status(deleted)).startsWith("Done");
        assertThat(a.status(rescheduled)).startsWith("Done");
    }

    @Test
    void largeAndBinaryPayloadsTravelWhole() {
        Site a = site("a");
        Site b = site("b");
        LibsqlStorage<byte[]> bytes = a.storage.compact();
        byte[] payload = new byte[1 << 20];
        new Random(1).nextBytes(payload);
        for (int i = 0; i < 5; i++) {
            bytes.push(payload).block(Site.WAIT);
        }
        assertThat(a.sync().requests()).as("pages of up to 2 MiB").isGreaterThan(3);

        takeTo(b);

        assertThat(b.file.sql("SELECT job FROM Jobs"))
                .hasSize(5)
                .allSatisfy(row -> assertThat((ByteBuffer) row.get(0)).isEqualTo(ByteBuffer.wrap(payload)));
    }

    @Test
    void oneReplicaAtATimeSyncsAFile() {
        Site first = site("a");
        Site second = site("a");
        second.push("one");

        assertThat(failure(second))
                .isInstanceOf(ReplicaException.class)
                .hasMessageContaining("syncs this file already");

        assertThat(first.sync().sent()).isEqualTo(1);
        close(first);
        second.push("two");
        assertThat(second.sync().sent()).isEqualTo(1);
    }

    @Test
    void inTheBackgroundAChangeIsSentAtOnceAndTheStatusSaysSo() {
        Site a = site(
                "a", ReplicaConfig.builder().syncInterval(Duration.ofMinutes(1)).build());
        a.replica.status().filter(ReplicaStatus::online).blockFirst(Site.WAIT);

        TaskId id = a.push("one");

        a.replica
                .status()
                .publishOn(Schedulers.boundedElastic())
                .filter(status -> status.unsent() == 0 && !remoteStatus(id).equals("none"))
                .blockFirst(Site.WAIT);
        a.file.becomes(
                        "SELECT held FROM PolluxSynced WHERE task = '" + id.value() + "'",
                        0L,
                        Flux.interval(Duration.ofMillis(10)))
                .block(Site.WAIT);
        assertThat(remoteStatus(id)).isEqualTo("Pending 0 ");
    }

    @Test
    void whoIsOfflineSaysSinceWhenAndWhatWaits() {
        Site a = open("a", "http://127.0.0.1:1", ReplicaConfig.defaults());
        a.push("one");

        ReplicaStatus status = Objects.requireNonNull(
                a.replica.status().filter(now -> now.unsent() == 1).blockFirst(Site.WAIT));

        assertThat(status.online()).isFalse();
        assertThat(status.offlineSince()).isNotNull();
        assertThat(status.problem()).isInstanceOf(R2dbcException.class);
    }
}
