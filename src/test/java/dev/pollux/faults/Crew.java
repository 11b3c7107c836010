package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.ChildJvm;
import dev.pollux.testing.TestDatabase;
import io.r2dbc.spi.ConnectionFactories;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The processes of a load on one database, and the ledgers that they write. */
final class Crew implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(200);

    private final String url;
    private final Path folder;
    private final TestDatabase database;
    private final List<Member> workers = new ArrayList<>();
    private final List<Member> producers = new ArrayList<>();
    private final Semaphore lines = new Semaphore(0);

    private Crew(String url, Path folder) {
        this.url = url;
        this.folder = folder;
        this.database = TestDatabase.at(url);
    }

    /** Sets the database up and starts so many processes. */
    static Crew start(String url, Path folder, int workers, int producers) throws IOException {
        Crew crew = new Crew(url, folder);
        try (Ledger ledger = Ledger.open(folder, "setup")) {
            Load.on(ConnectionFactories.get(url), ledger, config -> config)
                    .storage()
                    .setup()
                    .block(PATIENCE);
        }
        Audit.begin(crew.database);
        for (int i = 0; i < workers; i++) {
            crew.workers.add(crew.new Member("worker" + i, false));
        }
        for (int i = 0; i < producers; i++) {
            crew.producers.add(crew.new Member("producer" + i, true));
        }
        return crew;
    }

    /** A process that is started again under its name whenever it was killed. */
    final class Member {
        private final String name;
        private final boolean pushes;
        private int incarnation;
        private ChildJvm jvm;

        private Member(String name, boolean pushes) throws IOException {
            this.name = name;
            this.pushes = pushes;
            this.jvm = start();
        }

        private ChildJvm start() throws IOException {
            ChildJvm started = pushes
                    ? LoadProcess.producer(url, folder, name, incarnation++)
                    : LoadProcess.worker(url, folder, name);
            started.lines().subscribe(line -> lines.release(), error -> {});
            return started;
        }

        void killAndStartAgain() throws IOException, InterruptedException {
            jvm.kill();
            jvm = start();
        }

        ChildJvm jvm() {
            return jvm;
        }
    }

    TestDatabase database() {
        return database;
    }

    List<Member> workers() {
        return workers;
    }

    /** Waits until all processes together have printed so many lines more. */
    void awaitLines(int many) throws InterruptedException {
        lines.drainPermits();
        assertThat(lines.tryAcquire(many, PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .as("%s lines within %s", many, PATIENCE)
                .isTrue();
    }

    /** Kills one to three processes at once and starts them again; gives how many. */
    int killSome(Random random) throws IOException, InterruptedException {
        List<Member> all = new ArrayList<>(workers);
        all.addAll(producers);
        Collections.shuffle(all, random);
        int many = 1 + random.nextInt(3);
        for (Member victim : all.subList(0, many)) {
            victim.killAndStartAgain();
        }
        return many;
    }

    /** Has the producers end, waits until every task has ended, has the workers end, and checks. */
    Verdict finish() throws IOException, InterruptedException {
        stop(producers);
        Mono<Void> allEnded = database.becomes(
                "SELECT count(*) FROM Jobs WHERE status NOT IN ('Done', 'Killed')", 0L, Flux.interval(BETWEEN_LOOKS));
        allEnded.block(PATIENCE);
        stop(workers);
        assertThat(database.number("SELECT count(*) FROM Jobs WHERE status IN ('Queued', 'Running')"))
                .isZero();
        return Checker.check(database, folder);
    }

    private static void stop(List<Member> members) throws InterruptedException {
        members.forEach(member -> member.jvm.tellToStop());
        for (Member member : members) {
            assertThat(member.jvm.awaitExit(PATIENCE.toSeconds()))
                    .as(member.name)
                    .isZero();
        }
    }

    @Override
    public void close() {
        workers.forEach(member -> member.jvm.close());
        producers.forEach(member -> member.jvm.close());
    }
}
