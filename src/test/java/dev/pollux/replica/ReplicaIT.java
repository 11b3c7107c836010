package dev.pollux.replica;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.TaskId;
import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;

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
        Site site = new Site(folder.resolve(name + ".db"), Sqld.shared().r2dbcUrl(), Site.BY_HAND);
        sites.add(site);
        return site;
    }

    private String remoteStatus(TaskId id) {
        return String.valueOf(
                remote.sql("SELECT status || ' ' || attempts || ' ' || ifnull(lock_by, '') FROM Jobs WHERE id = '"
                                + id.value() + "'")
                        .get(0)
                        .get(0));
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

        Disposable waiting = b.demand();
        try {
            assertThat(b.sync().taken()).isEqualTo(1);
            assertThat(remoteStatus(id)).startsWith("Queued 0 pollux-replica:");
        } finally {
            waiting.dispose();
        }
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
}
