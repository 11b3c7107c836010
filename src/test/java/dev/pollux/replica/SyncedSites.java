package dev.pollux.replica;

import static org.assertj.core.api.Assertions.catchThrowable;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.TaskId;
import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;

/** Machines with replicas of one real sqld, which sync when the test says so. */
abstract class SyncedSites {

    @TempDir
    Path folder;

    private final List<Site> sites = new ArrayList<>();
    TestDatabase remote;

    @BeforeEach
    void emptyServer() {
        Sqld.shared().reset();
        remote = TestDatabase.at(Sqld.shared().r2dbcUrl());
    }

    @AfterEach
    void closeSites() {
        sites.forEach(Site::close);
    }

    Site site(String name) {
        return site(name, Site.BY_HAND);
    }

    Site site(String name, ReplicaConfig config) {
        return open(name, Sqld.shared().r2dbcUrl(), config);
    }

    /** A machine that has no network. */
    Site offline(String name) {
        return open(name, "http://127.0.0.1:1", Site.BY_HAND);
    }

    Site open(String name, String url, ReplicaConfig config) {
        Site site = new Site(folder.resolve(name + ".db"), url, config);
        sites.add(site);
        return site;
    }

    void close(Site site) {
        sites.remove(site);
        site.close();
    }

    /** The status of a task on the server, its attempts and who holds it. */
    String remoteStatus(TaskId id) {
        return String.valueOf(remote.sql(
                        "SELECT coalesce((SELECT status || ' ' || attempts || ' ' || ifnull(lock_by, '') FROM Jobs WHERE id = '"
                                + id.value() + "'), 'none')")
                .get(0)
                .get(0));
    }

    /** The remote finds that a machine was silent for long, and its workers' sweep returns what it held. */
    void loseHoldsOf(Site site) {
        remote.sql(
                "UPDATE Workers SET last_seen = last_seen - 1000 WHERE id LIKE 'pollux-replica:" + site.id() + ":%'");
        LibsqlStorage.create(remote.factory(), String.class, Config.of(Site.QUEUE))
                .reenqueueOrphaned()
                .block(Site.WAIT);
    }

    /** What a sync fails with. */
    static Throwable failure(Site site) {
        return catchThrowable(site::sync);
    }

    /** Syncs while a worker of that machine waits for tasks. */
    static SyncReport takeTo(Site site) {
        Disposable waiting = site.demand();
        try {
            return site.sync();
        } finally {
            waiting.dispose();
        }
    }
}
