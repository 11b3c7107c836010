package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.Config;
import dev.pollux.TaskId;
import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One run of the model test: random steps of three replicas and a server, from a seed, and what must be true at the end. It knows
 * of each task who runs it, so it sees a second holder at once.
 */
final class ReplicaModel implements ReplicaMachine.Listener {

    private static final int STEPS = 60;
    private static final int ROUNDS_TO_AGREE = 80;
    /** Within it a worker gives back what it was given and did not start. */
    private static final Duration BEAT = Config.of(ReplicaProcess.QUEUE).keepAlive();

    private final Random random;
    private final Sqld sqld;
    private final TestDatabase remote;
    private final List<ReplicaMachine> machines;
    private final List<String> tasks = new ArrayList<>();
    private final ReplicaRuns runs = new ReplicaRuns();
    private final ReplicaAudit audit;
    private final List<String> history = new ArrayList<>();
    private final Map<Step, Integer> faults = new LinkedHashMap<>();
    private final List<String> wrong = new ArrayList<>();

    /** What is done to the replicas and between them, besides their own work. */
    enum Step {
        CUT("networks cut"),
        LOSS("answers lost"),
        CRASH("replicas killed"),
        SERVER_CRASH("servers killed"),
        SILENCE("replicas silent too long"),
        LAPSE("replicas cut off, alive, until others took their tasks"),
        ORDER("tasks cancelled, deleted, retried and rescheduled");

        final String words;

        Step(String words) {
            this.words = words;
        }
    }

    ReplicaModel(long seed, Sqld sqld, TestDatabase remote, List<ReplicaMachine> machines) {
        this.random = new Random(seed);
        this.sqld = sqld;
        this.remote = remote;
        this.machines = machines;
        this.audit = new ReplicaAudit(remote, machines, tasks);
    }

    /** Does the steps, heals everything and lets all sides agree. */
    Verdict run(Path folder) throws Exception {
        try {
            for (ReplicaMachine machine : machines) {
                machine.open(folder.resolve("replica-" + machine.number + ".db"), this);
                ReplicaAudit.watch(machine.file());
            }
            for (int i = 0; i < STEPS; i++) {
                step();
                audit.watchesServer();
            }
            agree();
            check();
            for (ReplicaMachine machine : machines) {
                machine.closeFile();
            }
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError("after " + String.join("\n", history), e);
        }
        List<ReplicaRuns.Run> second = runs.overlapping();
        second.forEach(run -> wrong.add(name(run.task) + " began on " + run.machine + " while it ran elsewhere"));
        if (!wrong.isEmpty()) {
            wrong.add("after " + String.join("\n", history));
        }
        int lost = (int) wrong.stream().filter(text -> text.startsWith("lost")).count();
        return new Verdict(tasks.size(), lost, second.size(), wrong);
    }

    /** How often each was done. */
    Map<Step, Integer> faults() {
        return faults;
    }

    @Override
    public void started(ReplicaMachine machine, String task, long at) {
        history.add(machine + " starts " + name(task));
        runs.started(machine, task, at);
        if (machine.mustNotStart(task)) {
            wrong.add(name(task) + " begins on " + machine + " after its hold");
        }
    }

    @Override
    public void stopped(ReplicaMachine machine, String task, long at) {
        runs.stopped(machine, task, at);
    }

    private String name(String task) {
        return "task " + tasks.indexOf(task);
    }

    private void step() throws Exception {
        ReplicaMachine machine = machines.get(random.nextInt(machines.size()));
        int choice = random.nextInt(100);
        if (choice < 20) {
            push(machine);
        } else if (choice < 24) {
            pushOnServer();
        } else if (choice < 38) {
            history.add(machine + " polls");
            machine.poll();
        } else if (choice < 44) {
            history.add(machine + " stops polling");
            machine.idle();
        } else if (choice < 60) {
            finish(machine);
        } else if (choice < 80) {
            sync(machine);
        } else if (choice < 84) {
            did(Step.CUT, machine + " is cut off");
            machine.cut(true);
        } else if (choice < 87) {
            history.add(machine + " is back");
            machine.cut(false);
        } else if (choice < 89) {
            did(Step.LOSS, machine + " will lose an answer");
            machine.loseNextAnswer();
        } else if (choice < 92) {
            lapse(machine);
        } else if (choice < 97) {
            order(machine);
        } else if (choice < 99) {
            crash(machine);
        } else {
            did(Step.SERVER_CRASH, "the server is killed");
            sqld.kill();
            sqld.startAgain();
            // The connection that this test had is found broken.
            remote.rows("SELECT 1").retry(2).block();
        }
    }

    private void did(Step step, String words) {
        history.add(words);
        faults.merge(step, 1, Integer::sum);
    }

    private void sync(ReplicaMachine machine) throws IOException {
        boolean done = machine.sync();
        history.add(machine + (done ? " syncs" : " fails to sync"));
    }

    private void push(ReplicaMachine machine) throws IOException {
        String id = TaskId.next().value();
        tasks.add(id);
        history.add(machine + " pushes " + name(id));
        machine.push(id);
    }

    /** As the Rust crate or plain SQL would. */
    private void pushOnServer() {
        if (!audit.watchesServer()) {
            return;
        }
        String id = TaskId.next().value();
        tasks.add(id);
        history.add("the server is given " + name(id));
        remote.sql("INSERT INTO Jobs (job, id, job_type, max_attempts) VALUES (CAST('\"" + id + "\"' AS BLOB), '" + id
                + "', '" + ReplicaProcess.QUEUE + "', " + ReplicaProcess.TRIES + ")");
    }

    private void finish(ReplicaMachine machine) throws IOException {
        if (machine.running.isEmpty()) {
            return;
        }
        List<String> running = List.copyOf(machine.running);
        String task = running.get(random.nextInt(running.size()));
        String how = List.of("done", "done", "done", "fail", "fail", "kill").get(random.nextInt(6));
        history.add(machine + " finishes " + name(task) + ": " + how);
        machine.finish(task, how);
    }

    /** Somebody decides about a task, on a replica's file or on the server. */
    private void order(ReplicaMachine machine) {
        if (tasks.isEmpty()) {
            return;
        }
        String task = tasks.get(random.nextInt(tasks.size()));
        boolean onServer = random.nextInt(3) == 0;
        TestDatabase database = onServer ? remote : machine.file();
        String where = " on " + (onServer ? "the server" : machine.toString());
        if (onServer && !audit.watchesServer()) {
            return;
        }
        if (!onServer) {
            audit.ordered(machine, task);
        }
        String is = " WHERE id = '" + task + "' AND ";
        String unfinished = is + "status NOT IN ('Done', 'Killed')";
        switch (random.nextInt(4)) {
            case 0 -> {
                did(Step.ORDER, name(task) + " is cancelled" + where);
                database.sql("UPDATE Jobs SET status = 'Killed', done_at = unixepoch(), last_error = '"
                        + ReplicaAudit.CANCELLED + "'" + unfinished);
            }
            case 1 -> {
                did(Step.ORDER, name(task) + " is deleted" + where);
                audit.deleted(task);
                database.sql("DELETE FROM Jobs" + unfinished);
            }
            case 2 -> {
                did(Step.ORDER, name(task) + " is retried" + where);
                List<?> retried = database.sql(
                        "UPDATE Jobs SET status = 'Pending', attempts = 0, lock_by = NULL, lock_at = NULL, lease = NULL"
                                + is + "status IN ('Done', 'Killed') RETURNING id");
                if (!retried.isEmpty()) {
                    audit.retried(task);
                }
            }
            default -> {
                did(Step.ORDER, name(task) + " gets a priority" + where);
                database.sql("UPDATE Jobs SET priority = " + random.nextInt(5) + unfinished);
            }
        }
    }

    /** A machine dies, perhaps for so long that the others take what it held. */
    private void crash(ReplicaMachine machine) throws Exception {
        did(Step.CRASH, machine + " is killed");
        machine.crash();
        if (random.nextBoolean() && audit.watchesServer()) {
            did(Step.SILENCE, machine + " was silent for long");
            outlastPatience(machine);
        }
    }

    /** A machine that works is cut off until its hold is over, and then until the others may take what it held. */
    private void lapse(ReplicaMachine machine) throws IOException {
        history.add(machine + " polls");
        machine.poll();
        sync(machine);
        if (machine.file().number("SELECT count(*) FROM PolluxSynced WHERE held = 1") == 0) {
            return;
        }
        boolean slept = random.nextBoolean();
        did(Step.LAPSE, machine + " is cut off until its hold is over" + (slept ? ", and has slept" : ""));
        machine.outlastHold(slept);
        // A run may last as long as the margin.
        while (!machine.running.isEmpty()) {
            finish(machine);
        }
        history.add(machine + "'s tasks are anybody's");
        outlastPatience(machine);
    }

    /** The server's time passes until what a machine holds may be taken. */
    private void outlastPatience(ReplicaMachine machine) {
        remote.sql("UPDATE Workers SET last_seen = last_seen - 1000 WHERE id LIKE 'pollux-replica:" + machine.id()
                + ":%'");
    }

    /** The network is back, everybody works, and all sync until nothing is left to do. */
    private void agree() throws Exception {
        history.add("all is well again");
        for (ReplicaMachine machine : machines) {
            machine.cut(false);
            machine.poll();
            machine.say("finish-all");
        }
        boolean wasOver = false;
        for (int round = 0; round < ROUNDS_TO_AGREE; round++) {
            boolean synced = true;
            for (ReplicaMachine machine : machines) {
                machine.pass(BEAT);
                synced &= machine.sync();
            }
            boolean isOver = synced && isOver();
            // What one had sent last, the others have heard in the round after it.
            if (wasOver && isOver) {
                return;
            }
            wasOver = isOver;
        }
        wrong.add("lost: the sides do not agree: " + everywhere(null));
    }

    private boolean isOver() {
        String unfinished = "SELECT count(*) FROM Jobs WHERE status NOT IN ('Done', 'Killed')";
        return remote.number(unfinished) == 0
                && machines.stream()
                        .allMatch(machine -> machine.file().number(unfinished) == 0
                                && machine.file().number("SELECT count(*) FROM PolluxChanges") == 0);
    }

    private void check() {
        Map<String, List<@Nullable Object>> there = ends(remote);
        Map<ReplicaMachine, Map<String, List<@Nullable Object>>> here =
                machines.stream().collect(Collectors.toMap(machine -> machine, machine -> ends(machine.file())));
        for (String task : tasks) {
            List<@Nullable Object> end = there.get(task);
            if (end == null && !audit.mayBeGone(task)) {
                wrong.add("lost: " + name(task) + " is not on the server: " + everywhere(task));
            }
            here.forEach((machine, ends) -> {
                List<@Nullable Object> known = ends.get(task);
                if (known != null && !known.equals(end) && end != null) {
                    wrong.add(name(task) + " on " + machine + " is not as on the server: " + everywhere(task));
                }
            });
        }
        assertThat(there.keySet()).isSubsetOf(tasks);
        wrong.addAll(audit.wrong());
        for (ReplicaMachine machine : machines) {
            if (machine.file().number("SELECT count(*) FROM PolluxSynced") != 0) {
                wrong.add(machine + " still waits for tasks that have ended: "
                        + machine.file().sql("SELECT * FROM PolluxSynced"));
            }
        }
    }

    private static Map<String, List<@Nullable Object>> ends(TestDatabase database) {
        Map<String, List<@Nullable Object>> ends = new HashMap<>();
        for (List<@Nullable Object> row : database.sql("SELECT id, status, attempts, last_error FROM Jobs")) {
            ends.put(String.valueOf(row.get(0)), row.subList(1, row.size()));
        }
        return ends;
    }

    private String everywhere(@Nullable String task) {
        String which = task == null ? "status NOT IN ('Done', 'Killed')" : "id = '" + task + "'";
        String sql = "SELECT id, status, attempts, last_error, lock_by, lease, run_at - unixepoch() FROM Jobs WHERE "
                + which;
        StringBuilder all = new StringBuilder("server " + named(remote.sql(sql)));
        for (ReplicaMachine machine : machines) {
            all.append("; ")
                    .append(machine)
                    .append(' ')
                    .append(named(machine.file().sql(sql)))
                    .append(" synced ")
                    .append(named(machine.file().sql("SELECT task, lease, held, known FROM PolluxSynced")))
                    .append(" changes ")
                    .append(named(machine.file().sql("SELECT task, retried FROM PolluxChanges")));
        }
        return all.toString();
    }

    private List<List<@Nullable Object>> named(List<List<@Nullable Object>> rows) {
        for (List<@Nullable Object> row : rows) {
            row.set(0, name(String.valueOf(row.get(0))));
        }
        return rows;
    }
}
