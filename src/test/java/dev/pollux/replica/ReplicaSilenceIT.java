package dev.pollux.replica;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.Config;
import dev.pollux.TaskId;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/** Replicas without a network, or without the right to sync. */
class ReplicaSilenceIT extends SyncedSites {

    /** Its holds are over two seconds and a half after a sync. */
    private static final ReplicaConfig FORGOTTEN_SOON = ReplicaConfig.builder()
            .background(false)
            .syncInterval(Duration.ofMillis(10))
            .reenqueueOrphanedAfter(Duration.ofSeconds(5))
            .margin(Duration.ofMillis(1500))
            .build();

    private static void awaitFrozen(Site site, TaskId id) {
        site.file
                .becomes(
                        "SELECT lock_by FROM Jobs WHERE id = '" + id.value() + "'",
                        "pollux-remote",
                        Flux.interval(Duration.ofMillis(10)))
                .block(Site.WAIT);
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
        Site a = site("a", FORGOTTEN_SOON);
        TaskId id = a.push("one");
        takeTo(a);

        awaitFrozen(a, id);

        takeTo(a);
        assertThat(a.status(id)).isEqualTo("Pending");
    }

    @Test
    void theFileItselfKeepsBackWhatTheRemoteMayHaveGivenAway() {
        Site a = site("a");
        List<TaskId> held = Stream.generate(() -> a.push("held"))
                .limit(3L * Config.of(Site.QUEUE).bufferSize())
                .toList();
        takeTo(a);
        // As after a machine has slept: its monotonic clock has stood still.
        a.file.sql("UPDATE PolluxReplica SET hold_until = unixepoch() - 1");
        a.push("fresh");

        assertThat(a.run(1)).as("also behind many that are kept back").containsExactly("fresh");

        assertThat(held).allSatisfy(id -> assertThat(a.status(id)).isEqualTo("Queued pollux-remote"));
        takeTo(a);
        assertThat(a.run(held.size())).hasSize(held.size()).containsOnly("held");
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
    void whoInheritsTheRightToSyncFreesWhatTheOneBeforeHasFrozen() {
        Site first = site("a", FORGOTTEN_SOON);
        Site second = site("a");
        TaskId id = first.push("one");
        takeTo(first);
        awaitFrozen(first, id);
        close(first);

        takeTo(second);

        assertThat(second.status(id)).isEqualTo("Pending");
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
