package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.faults.LoadProcess.Part;
import dev.pollux.testing.ChildJvm;
import dev.pollux.testing.TestDatabase;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

/** The processes of a load on one database, and the ledgers that they write. */
final class Crew implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration MOMENT = Duration.ofSeconds(3);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(200);

    private final String url;
    private final Path folder;
    private final TestDatabase database;
    private final List<Member> members = new ArrayList<>();
    private final Semaphore steps = new Semaphore(0);

    private Crew(String url, Path folder) {
        this.url = url;
        this.folder = folder;
        this.database = TestDatabase.at(url);
    }

    /** Sets the database up and starts a process for each of these parts. */
    static Crew start(String url, Path folder, List<Part> parts) throws IOException {
        Crew crew = new Crew(url, folder);
        try (Ledger ledger = Ledger.open(folder, "setup")) {
            Load.on(ConnectionFactories.get(url), ledger, config -> config)
                    .storage()
                    .setup()
                    .block(PATIENCE);
        }
        Audit.begin(crew.database);
        for (Part part : parts) {
            crew.members.add(crew.new Member(part, crew.members.size()));
        }
        return crew;
    }

    /** A process that is started again under its name whenever it was killed. */
    final class Member {
        private final Part part;
        private final String name;
        private final Semaphore steps = new Semaphore(0);
        private final AtomicInteger lateAcks = new AtomicInteger();
        private int incarnation;
        private CountDownLatch pushedAll = new CountDownLatch(1);
        private ChildJvm jvm;

        private Member(Part part, int number) throws IOException {
            this.part = part;
            this.name = "member" + number;
            this.jvm = start();
        }

        private ChildJvm start() throws IOException {
            CountDownLatch last = new CountDownLatch(part == Part.WORKS ? 0 : 1);
            ChildJvm started = LoadProcess.start(part, url, folder, name, incarnation++);
            started.lines()
                    .subscribe(
                            line -> {
                                switch (line) {
                                    case LoadProcess.ONE_MORE -> {
                                        steps.release();
                                        Crew.this.steps.release();
                                    }
                                    case LoadProcess.PUSHED_ALL -> last.countDown();
                                    default -> logged(line);
                                }
                            },
                            error -> {});
            pushedAll = last;
            return started;
        }

        private void logged(String line) {
            System.out.println(name + ": " + line);
            if (line.contains("LeaseLost[") && line.contains("step=ack")) {
                lateAcks.incrementAndGet();
            }
        }

        /** How many of its acks were refused because their leases were lost, as far as it has told. */
        int lateAcks() {
            return lateAcks.get();
        }

        /** To be called when it has ended. */
        void startAgain() throws IOException {
            jvm = start();
        }

        ChildJvm jvm() {
            return jvm;
        }

        /** How many leases its workers have, alive or dead. */
        long leases() {
            return database.number(
                    "SELECT count(*) FROM Jobs WHERE status IN ('Queued', 'Running') AND " + isItsWorker());
        }

        /** How many tasks its workers run, alive or dead. */
        long running() {
            return database.number("SELECT count(*) FROM Jobs WHERE status = 'Running' AND " + isItsWorker());
        }

        /** Waits until it has stored so many more outcomes. */
        void awaitMoreOutcomes(int many) {
            moreOutcomes(many).block(PATIENCE);
        }

        /** Whether it stores another outcome within a moment. */
        boolean goesOn() {
            return Boolean.TRUE.equals(moreOutcomes(1)
                    .thenReturn(true)
                    .timeout(MOMENT, Mono.just(false))
                    .block(PATIENCE));
        }

        private Mono<Void> moreOutcomes(int many) {
            long before = database.number(outcomes());
            return database.becomes(
                    "SELECT (" + outcomes() + ") >= " + (before + many), 1L, Flux.interval(BETWEEN_LOOKS));
        }

        private String outcomes() {
            return "SELECT count(*) FROM Jobs WHERE status = 'Done' AND " + isItsWorker();
        }

        /** A condition on a row of Jobs. */
        String isItsWorker() {
            return "lock_by GLOB '" + name + "-*'";
        }
    }

    TestDatabase database() {
        return database;
    }

    Member member(int number) {
        return members.get(number);
    }

    /** Waits until each process that works has told of so many outcomes more. */
    void awaitOutcomesOfEach(int many) throws InterruptedException {
        List<Member> workers =
                members.stream().filter(member -> member.part != Part.PUSHES).toList();
        workers.forEach(member -> member.steps.drainPermits());
        long end = System.nanoTime() + PATIENCE.toNanos();
        for (Member worker : workers) {
            assertThat(worker.steps.tryAcquire(many, end - System.nanoTime(), TimeUnit.NANOSECONDS))
                    .as("%s: %s outcomes within %s", worker.name, many, PATIENCE)
                    .isTrue();
        }
    }

    /** Waits until all processes together have told of so many more pushes and outcomes. */
    void awaitSteps(int many) throws InterruptedException {
        steps.drainPermits();
        assertThat(steps.tryAcquire(many, PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .as("%s steps within %s", many, PATIENCE)
                .isTrue();
    }

    /** Kills one to three processes, starts them again when all of those are dead, and gives how many. */
    int killSome(Random random) throws IOException, InterruptedException {
        List<Member> all = new ArrayList<>(members);
        Collections.shuffle(all, random);
        int many = 1 + random.nextInt(3);
        List<Member> victims = all.subList(0, many);
        for (Member victim : victims) {
            victim.jvm.kill();
        }
        for (Member victim : victims) {
            victim.startAgain();
        }
        return many;
    }

    /** Has all pushes end, waits until every task has ended, has the processes end, and checks. */
    Verdict finish() throws IOException, InterruptedException {
        for (Member member : members) {
            member.jvm.tell("push no more");
        }
        for (Member member : members) {
            assertThat(member.pushedAll.await(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .as("%s: its last push ends", member.name)
                    .isTrue();
        }
        Mono<Void> allEnded = database.becomes(
                "SELECT count(*) FROM Jobs WHERE status NOT IN ('Done', 'Killed')", 0L, Flux.interval(BETWEEN_LOOKS));
        // A server may be away for a moment.
        allEnded.retryWhen(Retry.fixedDelay(30, Duration.ofSeconds(1)).filter(R2dbcException.class::isInstance))
                .block(PATIENCE);
        members.forEach(member -> member.jvm.tellToStop());
        for (Member member : members) {
            assertThat(member.jvm.awaitExit(PATIENCE.toSeconds()))
                    .as(member.name)
                    .isZero();
        }
        assertThat(database.number("SELECT count(*) FROM Jobs WHERE status IN ('Queued', 'Running')"))
                .isZero();
        return Checker.check(database, folder);
    }

    @Override
    public void close() {
        members.forEach(member -> member.jvm.close());
    }
}
