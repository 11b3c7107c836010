package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.ChildJvm;
import dev.pollux.testing.LockHolder;
import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import io.r2dbc.spi.ConnectionFactories;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

/** A file that is full, read-only or locked by others for a while, and clocks that step, under load. */
class LocalFileFaultIT {

    private static final int WORKERS = 2;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @TempDir
    private Path folder;

    private final AtomicBoolean enough = new AtomicBoolean();
    private TestDatabase database = TestDatabase.at("r2dbc:libsql:mem:///unused");
    private Pragmas pragmas = new Pragmas(database::factory);

    @BeforeEach
    void name() {
        String url = "r2dbc:libsql:file://" + folder.resolve("queue.db") + "?synchronous=NORMAL&busyTimeout=PT0.1S";
        database = TestDatabase.at("r2dbc:libsql:file://" + folder.resolve("queue.db") + "?busyTimeout=PT1M");
        pragmas = new Pragmas(() -> ConnectionFactories.get(url));
    }

    private LoadHere load(FaultCount faults) {
        return new LoadHere(database, folder, pragmas::factory, faults::listen);
    }

    private CompletableFuture<Long> begin(LoadHere load) throws Exception {
        load.setUp();
        load.startWorkers(WORKERS);
        CompletableFuture<Long> pushed = load.push("producer", enough::get).toFuture();
        load.awaitMoreDone();
        return pushed;
    }

    private void endPushes(CompletableFuture<Long> pushed) {
        enough.set(true);
        assertThat(pushed).succeedsWithin(PATIENCE);
    }

    private void end(String fault, int times, LoadHere load, CompletableFuture<Long> pushed) throws Exception {
        endPushes(pushed);
        Report.add(fault, times, load.finish());
    }

    @Test
    void aFullDiskLosesNothing() throws Exception {
        int rounds = Scale.of(2, 30);
        FaultCount full = new FaultCount("is full: free space and try again");
        try (LoadHere load = load(full)) {
            CompletableFuture<Long> pushed = begin(load);
            for (int i = 0; i < rounds; i++) {
                pragmas.run("PRAGMA max_page_count = 1");
                full.await(20);
                pragmas.run("PRAGMA max_page_count = 1000000");
                load.awaitMoreDone();
            }
            end("6 disk full", rounds, load, pushed);
        }
    }

    /** Polls end, for this does not pass by itself; new ones go on when it is over. */
    @Test
    void aFileThatBecomesReadOnlyLosesNothing() throws Exception {
        int rounds = Scale.of(1, 10);
        FaultCount readOnly = new FaultCount("check the file's permissions");
        try (LoadHere load = load(readOnly)) {
            CompletableFuture<Long> pushed = begin(load);
            for (int i = 0; i < rounds; i++) {
                pragmas.run("PRAGMA query_only = ON");
                readOnly.await(20);
                pragmas.run("PRAGMA query_only = OFF");
                load.startWorkers(WORKERS);
                load.awaitMoreDone();
            }
            endPushes(pushed);
            Report.add("6 read-only file", rounds, load.finishWithReleases());
        }
    }

    /** Longer than a push is retried, and longer than leases live without a beat. */
    @Test
    void aLockThatAnotherProcessHoldsForLongLosesNothing() throws Exception {
        Duration held = Duration.ofSeconds(Scale.of(3, 30));
        FaultCount busy = new FaultCount("another connection holds the write lock");
        try (LoadHere load = load(busy)) {
            CompletableFuture<Long> pushed = begin(load);
            try (ChildJvm holder = ChildJvm.startLight(
                    LockHolder.class, folder.resolve("queue.db").toString())) {
                assertThat(holder.line()).isEqualTo("locked");
                busy.await(1);
                Mono.delay(held).block();
            }
            load.awaitMoreDone();
            end("6 write lock held by another process", 1, load, pushed);
        }
    }

    private void stepClock(int seconds) {
        database.sql("UPDATE Jobs SET run_at = run_at - " + seconds + ", lock_at = lock_at - " + seconds
                + ", done_at = done_at - " + seconds + "; UPDATE Workers SET last_seen = last_seen - " + seconds);
    }

    /** SQLite's clock cannot be set: instead, all times in the database move the other way. */
    private void stepClockUnderLoad(String fault, int rounds, LoadHere load) throws Exception {
        CompletableFuture<Long> pushed = begin(load);
        for (int i = 0; i < rounds; i++) {
            stepClock(3_600);
            load.awaitMoreDone();
            stepClock(-3_600);
            // What waited before is due in an hour; what comes from now on is due at once.
            load.awaitMoreDone();
        }
        stepClock(3_600);
        end(fault, 2 * rounds + 1, load, pushed);
    }

    @Test
    void aClockThatStepsAnHourLosesNothing() throws Exception {
        try (LoadHere load = load(new FaultCount("unused"))) {
            stepClockUnderLoad("6 clock steps of an hour, file", Scale.of(2, 20), load);
        }
    }

    @Test
    @Tag("long")
    void aServersClockThatStepsAnHourLosesNothing() throws Exception {
        Sqld.shared().reset();
        database = TestDatabase.at(Sqld.shared().r2dbcUrl());
        try (LoadHere load = new LoadHere(database, folder, database::anotherFactory, config -> config)) {
            stepClockUnderLoad("6 clock steps of an hour, sqld", Scale.of(1, 20), load);
        }
    }
}
