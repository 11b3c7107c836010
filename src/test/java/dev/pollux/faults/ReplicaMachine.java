package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.r2dbc.LibsqlConnectionFactory;
import dev.pollux.replica.ReplicaConfig;
import dev.pollux.testing.ChildJvm;
import dev.pollux.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/** One replica of the model test: its process, its file, the way to the server, and what its handlers do now. */
final class ReplicaMachine implements AutoCloseable {

    /** Told of each handler that begins or ends, by the clock of {@link System#nanoTime()}. */
    interface Listener {
        default void started(ReplicaMachine machine, String task, long at) {}

        default void stopped(ReplicaMachine machine, String task, long at) {}
    }

    private static final String ANSWER = "answer ";
    private static final int MOST_LOOKS = 5_000;
    private static final Duration HOLD = ReplicaConfig.defaults()
            .reenqueueOrphanedAfter()
            .minus(ReplicaConfig.defaults().margin());

    final int number;
    final FaultyProxy way;
    /** The tasks whose handlers run. */
    final Set<String> running = new LinkedHashSet<>();
    /** What the syncs' reports say was refused. */
    final List<String> refused = new ArrayList<>();

    /** How the replica stood, one after the other: what was unsent, and what it held. */
    final List<List<Long>> statuses = new ArrayList<>();

    private Listener listener = new Listener() {};
    private @Nullable ChildJvm jvm;
    private @Nullable TestDatabase file;
    private @Nullable Path path;
    /** How many talks go through before one that is broken off; none is if negative. */
    private final AtomicInteger talksLeft = new AtomicInteger(-1);

    private boolean cut;
    private boolean losesNext;
    /** The tasks that it must not start before it has synced, because its hold is over. */
    private Set<String> overdue = Set.of();

    ReplicaMachine(int number, int serverPort) throws IOException {
        this.number = number;
        this.way = new FaultyProxy(serverPort);
        way.plan(steps -> {
            if (!steps.contains(Step.SYNC)) {
                return null;
            }
            if (cut || talksLeft.getAndDecrement() == 0) {
                return Fault.RESET;
            }
            boolean loses = losesNext;
            losesNext = false;
            return loses ? Fault.LOST_RESPONSE : null;
        });
    }

    /** Opens a file for a run, in the process that there is or in a new one. */
    void open(Path newPath, Listener newListener) throws IOException {
        listener = newListener;
        cut = false;
        losesNext = false;
        overdue = Set.of();
        running.clear();
        refused.clear();
        statuses.clear();
        path = newPath;
        file = TestDatabase.of(() -> LibsqlConnectionFactory.of("file:" + newPath));
        start();
    }

    private void start() throws IOException {
        if (jvm == null) {
            jvm = ChildJvm.startSmall(ReplicaProcess.class);
        }
        assertThat(say("open " + path + " http://127.0.0.1:" + way.port() + "?callTimeout=PT10S"))
                .isEqualTo("opened");
    }

    /** A look into the file past the replica, as another program has it. */
    TestDatabase file() {
        if (file == null) {
            throw new IllegalStateException("nothing is open");
        }
        return file;
    }

    /** The replica's id. */
    String id() {
        return String.valueOf(file().value("SELECT id FROM PolluxReplica"));
    }

    /** The tasks that the server may know. */
    private Set<String> synced() {
        return file().sql("SELECT task FROM PolluxSynced").stream()
                .map(row -> String.valueOf(row.get(0)))
                .collect(Collectors.toSet());
    }

    /** Whether its hold of a task is over, so that it must not start it. */
    boolean mustNotStart(String task) {
        return overdue.contains(task);
    }

    /** Gives a line to the process, and its answer, past what it says of its handlers. */
    String say(String line) throws IOException {
        if (jvm == null) {
            throw new IllegalStateException("not running");
        }
        jvm.tell(line);
        for (String said = jvm.line(); said != null; said = jvm.line()) {
            if (said.startsWith(ANSWER)) {
                return said.substring(ANSWER.length());
            }
            hear(said);
        }
        throw new IllegalStateException("machine " + number + " ended");
    }

    /** Hears what it has said by now. */
    private void hear() throws IOException {
        assertThat(say("hear")).isEqualTo("heard");
    }

    private void hear(String said) {
        String[] words = said.split(" ", -1);
        switch (words[0]) {
            case "start" -> {
                running.add(words[1]);
                listener.started(this, words[1], Long.parseLong(words[2]));
            }
            case "stop" -> stopped(words[1], Long.parseLong(words[2]));
            case "status" -> statuses.add(List.of(Long.valueOf(words[1]), Long.valueOf(words[2])));
            case "ended" -> throw new AssertionError("the poll of machine " + number + " " + said);
            default -> {
                // Its log.
            }
        }
    }

    private void stopped(String task, long at) {
        running.remove(task);
        listener.stopped(this, task, at);
    }

    void push(String task) throws IOException {
        assertThat(say("push " + task)).isEqualTo("pushed");
    }

    void poll() throws IOException {
        assertThat(say("poll")).isEqualTo("polling");
    }

    /** Stops polling; what runs is given back. */
    void idle() throws IOException {
        assertThat(say("idle")).isEqualTo("idle");
    }

    void finish(String task, String how) throws IOException {
        assertThat(say("finish " + task + " " + how)).isEqualTo("finished");
    }

    /** Syncs; whether that succeeded. */
    boolean sync() throws IOException {
        if (!cut) {
            overdue = Set.of();
        }
        String answer = say("sync");
        if (!answer.startsWith("synced")) {
            assertThat(answer).as("machine " + number).doesNotContain("ReplicaException");
            return false;
        }
        String list = answer.substring(answer.indexOf('[') + 1, answer.indexOf(']'));
        if (!list.isEmpty()) {
            refused.addAll(List.of(list.split(", ")));
        }
        return true;
    }

    /**
     * Is cut off until its hold is over. Of the two clocks that go by, one stands still: the machine has slept, so that only the wall
     * clock went on, or the wall clock was set back.
     */
    void outlastHold(boolean slept) throws IOException {
        cut = true;
        if (slept) {
            file().sql("UPDATE PolluxReplica SET hold_until = min(hold_until, unixepoch())");
        } else {
            pass(HOLD);
            file().becomes("SELECT hold_until FROM PolluxReplica", 0L, Flux.interval(Duration.ofMillis(10)))
                    .block(Duration.ofSeconds(30));
        }
        assertThat(say("outlast-locks")).isEqualTo("outlasted");
        awaitStarts();
        overdue = synced();
    }

    /** Lets time pass there, by the monotonic clock. */
    void pass(Duration time) throws IOException {
        assertThat(say("pass " + time.toSeconds())).isEqualTo("passed");
    }

    /** Hears of the starts of the tasks that were given to handlers by now. */
    private void awaitStarts() throws IOException {
        for (int looks = 0; looks < MOST_LOOKS; looks++) {
            hear();
            long given = file().number("SELECT count(*) FROM Jobs JOIN Workers ON Workers.id = lock_by"
                    + " WHERE status = 'Running' AND last_seen > unixepoch() - 500");
            if (running.size() >= Math.min(given, ReplicaProcess.IN_FLIGHT)) {
                return;
            }
        }
        throw new AssertionError(this + " has tasks that do not start: " + file().sql("SELECT * FROM Jobs"));
    }

    void cut(boolean now) {
        cut = now;
    }

    /** Breaks off a talk with the server, after so many. */
    void breakOffAfter(int talks) {
        talksLeft.set(talks);
    }

    /** How many talks with the server were broken off so far. */
    int broken() {
        return way.injected();
    }

    void loseNextAnswer() {
        losesNext = true;
    }

    /** Ends the process as {@code kill -9} does, and starts another on the same file, whose dead workers are long silent. */
    void crash() throws IOException, InterruptedException {
        if (jvm == null || path == null) {
            throw new IllegalStateException("not running");
        }
        // What it says after that is lost.
        hear();
        long killed = System.nanoTime();
        jvm.kill();
        List.copyOf(running).forEach(task -> stopped(task, killed));
        jvm.close();
        jvm = null;
        file().sql("UPDATE Workers SET last_seen = last_seen - 1000 WHERE id <> 'pollux-remote'");
        start();
        overdue = synced();
    }

    /** Ends the run; the process may serve another. */
    void closeFile() throws IOException {
        assertThat(say("close")).isEqualTo("closed");
    }

    @Override
    public void close() throws IOException {
        if (jvm != null) {
            jvm.close();
        }
        way.close();
    }

    @Override
    public String toString() {
        return "machine " + number;
    }
}
