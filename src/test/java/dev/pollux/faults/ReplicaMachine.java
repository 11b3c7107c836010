package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.r2dbc.LibsqlConnectionFactory;
import dev.pollux.testing.ChildJvm;
import dev.pollux.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One replica of the model test: its process, its file, the way to the server, and what its handlers do now. */
final class ReplicaMachine implements AutoCloseable {

    /** Told of each handler that begins. */
    interface OnStart {
        void started(ReplicaMachine machine, String task);
    }

    private static final String ANSWER = "answer ";

    final int number;
    final FaultyProxy way;
    /** The tasks whose handlers run. */
    final Set<String> running = new LinkedHashSet<>();
    /** What the syncs' reports say was refused. */
    final List<String> refused = new ArrayList<>();

    private final OnStart onStart;
    private @Nullable ChildJvm jvm;
    private @Nullable TestDatabase file;
    private @Nullable Path path;
    /** How many talks go through before one that is broken off; none is if negative. */
    private final AtomicInteger talksLeft = new AtomicInteger(-1);

    private boolean cut;
    private boolean losesNext;

    ReplicaMachine(int number, int serverPort, OnStart onStart) throws IOException {
        this.number = number;
        this.onStart = onStart;
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

    /** Opens a file, in the process that there is or in a new one. */
    void open(Path newPath) throws IOException {
        path = newPath;
        cut = false;
        losesNext = false;
        running.clear();
        refused.clear();
        if (jvm == null) {
            jvm = ChildJvm.startSmall(ReplicaProcess.class);
        }
        file = TestDatabase.of(() -> LibsqlConnectionFactory.of("file:" + newPath));
        assertThat(say("open " + newPath + " http://127.0.0.1:" + way.port() + "?callTimeout=PT10S"))
                .isEqualTo("opened");
    }

    /** A look into the file past the replica, as another program has it. */
    TestDatabase file() {
        if (file == null) {
            throw new IllegalStateException("nothing is open");
        }
        return file;
    }

    /** Gives a line to the process, and its answer, past what it says of its handlers. */
    String say(String line) throws IOException {
        if (jvm == null) {
            throw new IllegalStateException("not running");
        }
        jvm.tell(line);
        for (String said = jvm.line(); said != null; said = jvm.line()) {
            assertThat(said).as("the poll of machine " + number).doesNotStartWith("ended ");
            if (said.startsWith("start ")) {
                begin(said);
            } else if (said.startsWith(ANSWER)) {
                return said.substring(ANSWER.length());
            }
        }
        throw new IllegalStateException("machine " + number + " ended");
    }

    private void begin(String line) {
        String task = line.substring("start ".length());
        onStart.started(this, task);
        running.add(task);
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
        running.clear();
    }

    void finish(String task, String how) throws IOException {
        running.remove(task);
        assertThat(say("finish " + task + " " + how)).isEqualTo("finished");
    }

    /** Syncs; whether that succeeded. */
    boolean sync() throws IOException {
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
        jvm.kill();
        jvm.close();
        jvm = null;
        file().sql("UPDATE Workers SET last_seen = last_seen - 1000 WHERE id <> 'pollux-remote'");
        Path same = path;
        boolean stillCut = cut;
        List<String> known = List.copyOf(refused);
        open(same);
        refused.addAll(known);
        cut = stillCut;
    }

    /** Ends the run; the process may serve another. */
    void closeFile() throws IOException {
        assertThat(say("close")).isEqualTo("closed");
        running.clear();
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
