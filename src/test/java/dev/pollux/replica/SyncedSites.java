package dev.pollux.replica;

import static org.assertj.core.api.Assertions.catchThrowable;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.TaskId;
import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import dev.pollux.testing.Tursodb;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;

/** Machines with replicas of one real server, which sync when the test says so. Each test runs with each kind of server. */
@ParameterizedClass
@EnumSource
abstract class SyncedSites {

    /** A kind of server. */
    enum Kind {
        SQLD,
        TURSODB
    }

    @Parameter
    Kind kind = Kind.SQLD;

    @TempDir
    Path folder;

    private final List<Site> sites = new ArrayList<>();
    private @Nullable Tursodb tursodb;
    private String url;
    TestDatabase remote;

    @BeforeEach
    void startWithAnEmptyServer() {
        url = emptyServer();
        remote = TestDatabase.at(url);
    }

    private String emptyServer() {
        if (kind == Kind.SQLD) {
            Sqld.shared().reset();
            return Sqld.shared().r2dbcUrl();
        }
        Tursodb fresh = Tursodb.start();
        tursodb = fresh;
        return fresh.r2dbcUrl();
    }

    @AfterEach
    void closeAll() {
        sites.forEach(Site::close);
        if (tursodb != null) {
            tursodb.close();
        }
    }

    /** The server is another from now on, as its URL is not. */
    void makeTheServerAnew() {
        remote.sql(String.join(
                "; ",
                "DROP TABLE Jobs",
                "DROP TABLE Workers",
                "DROP TABLE PolluxSchema",
                "DROP TABLE PolluxRemote",
                "DROP TABLE PolluxReplicas",
                "DROP TABLE PolluxFeed"));
    }

    Site site(String name) {
        return site(name, Site.BY_HAND);
    }

    Site site(String name, ReplicaConfig config) {
        return open(name, url, config);
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

    /** A task that was created on one machine, and that another holds. */
    static TaskId heldElsewhere(Site origin, Site holder) {
        TaskId id = origin.push("one");
        origin.sync();
        takeTo(holder);
        return id;
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
