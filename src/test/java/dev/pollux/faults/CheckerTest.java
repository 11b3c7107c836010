package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.NewTask;
import dev.pollux.Outcome;
import dev.pollux.TaskId;
import dev.pollux.TaskStatus;
import dev.pollux.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;

/** The checker sees each kind of broken promise: a database is worked on as it should be, and then one thing is broken. */
class CheckerTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int TASKS = 9;

    @TempDir
    private Path folder;

    private TestDatabase database = TestDatabase.at("r2dbc:libsql:mem:///unused");
    /** A task that was run once, and the one that failed at first. */
    private String task = "";

    private String failing = "";

    /** Of these tasks, the seventh fails at first. */
    @BeforeEach
    void workAsItShouldBe() throws IOException {
        database = TestDatabase.at("r2dbc:libsql:file://" + folder.resolve("queue.db"));
        try (Ledger ledger = Ledger.open(folder, "load")) {
            Load load = load(ledger);
            load.storage().setup().block(PATIENCE);
            Audit.begin(database);
            load.push("producer", Flux.range(1, TASKS).map(Integer::longValue)).blockLast(PATIENCE);
            List<Outcome<String>> outcomes =
                    work(load, TASKS + 1).collectList().blockOptional(PATIENCE).orElseThrow();
            failing = first(outcomes, outcome -> outcome.status() == TaskStatus.FAILED);
            task = first(outcomes, outcome -> !outcome.id().value().equals(failing));
        }
    }

    private static String first(List<Outcome<String>> outcomes, Predicate<Outcome<String>> which) {
        return outcomes.stream().filter(which).findFirst().orElseThrow().id().value();
    }

    private Load load(Ledger ledger) {
        return Load.on(database.factory(), ledger, config -> config);
    }

    private static Flux<Outcome<String>> work(Load load, int outcomes) {
        return load.work("worker").take(outcomes);
    }

    private Verdict check() throws IOException {
        return Checker.check(database, folder);
    }

    private Path ledger() {
        return folder.resolve("load.ledger");
    }

    private void write(String line) throws IOException {
        Files.writeString(ledger(), line, StandardOpenOption.APPEND);
    }

    private void replace(String words, String others) throws IOException {
        Files.writeString(ledger(), Files.readString(ledger()).replace(words, others));
    }

    private static void assertBroken(Verdict verdict, String what) {
        assertThat(verdict.held()).isFalse();
        assertThat(verdict.text()).contains(what);
    }

    @Test
    void allIsWellAtFirst() throws IOException {
        assertThat(check()).isEqualTo(new Verdict(TASKS, 0, 0, List.of()));
    }

    @Test
    void aTaskThatIsGoneIsLost() throws IOException {
        database.sql("DELETE FROM Jobs WHERE id = '" + task + "'");
        assertThat(check().lost()).isEqualTo(1);
        assertBroken(check(), "pushed and not there");
        assertBroken(check(), "deleted");
    }

    @Test
    void aPushOfATaskThatNeverCameIsLost() throws IOException {
        String id = TaskId.next().value();
        write("push " + id + "\npushed " + id + "\n");
        assertThat(check().lost()).isEqualTo(1);
    }

    @Test
    void aPushThatDidNotCompleteNeedNotBeThere() throws IOException {
        write("push " + TaskId.next() + "\n");
        assertThat(check().held()).isTrue();
    }

    @Test
    void halfALineWasNotActedOn() throws IOException {
        write("pushed " + TaskId.next());
        assertThat(check().held()).isTrue();
    }

    @Test
    void aTaskThatDidNotEndIsLost() throws IOException {
        database.sql("DROP TRIGGER AuditStep");
        database.sql("UPDATE Jobs SET status = 'Running' WHERE id = '" + task + "'");
        assertThat(check().lost()).isEqualTo(1);
        assertBroken(check(), "not ended");
    }

    @Test
    void aTaskOfNobodyIsSeen() throws IOException {
        replace(" " + task, " 0" + task);
        assertBroken(check(), "there and never pushed");
    }

    @Test
    void aSecondRunWithoutCauseIsSeen() throws IOException {
        write("run again " + task + " 1 worker\n");
        assertThat(check().duplicated()).isEqualTo(1);
        assertBroken(check(), "run too often");
    }

    /** A sweep counts a try, for which the task may run again, but under another lease. */
    @Test
    void aSecondRunUnderALeaseThatWasSweptIsSeen() throws IOException {
        try (Ledger ledger = Ledger.open(folder, "load")) {
            Load load = load(ledger);
            String swept = TaskId.next().value();
            write("push " + swept + "\n");
            load.storage()
                    // Not due, for the first worker's last fetch may still be under way, and would take it.
                    .push(NewTask.of(new Work("swept", 1)).id(TaskId.of(swept)).delay(Duration.ofDays(1)))
                    .block(PATIENCE);
            String where = " WHERE id = '" + swept + "'";
            database.sql("UPDATE Jobs SET status = 'Queued', run_at = 0, lock_by = 'dead', lock_at = 1" + where);
            database.sql("UPDATE Jobs SET status = 'Running'" + where);
            assertThat(load.storage().reenqueueOrphaned().block(PATIENCE)).isEqualTo(1);
            work(load, 1).blockLast(PATIENCE);

            write("run first " + swept + " 1 dead\n");
            assertThat(check().text()).isEqualTo("held");
            write("run again " + swept + " 1 dead\n");
            assertThat(check().duplicated()).isEqualTo(1);
            assertBroken(check(), "run too often");
        }
    }

    @Test
    void aRunWithoutALockIsSeen() throws IOException {
        database.sql("DELETE FROM Audit WHERE status = 'Running' AND task = '" + task + "'");
        assertBroken(check(), "run without a lock");
    }

    @Test
    void aPayloadThatIsThereTwiceIsSeen() throws IOException {
        database.sql("DROP TRIGGER AuditStep");
        database.sql("UPDATE Jobs SET job = (SELECT job FROM Jobs WHERE id = '" + task + "') WHERE rowid = (SELECT"
                + " rowid FROM Jobs WHERE id <> '" + task + "' LIMIT 1)");
        assertThat(check().duplicated()).isEqualTo(1);
    }

    @Test
    void anOutcomeOfARunThatHadLostItsLeaseIsSeen() throws IOException {
        String run = runOf(task);
        replace("run " + run + ' ' + task + " 1 ", "run " + run + ' ' + task + " 2 ");
        assertBroken(check(), "Done by a run that had lost its lease");
    }

    @Test
    void aFailedOutcomeOfARunThatHadLostItsLeaseIsSeen() throws IOException {
        replace(" " + failing + " 1 worker-", " " + failing + " 1 other-");
        assertBroken(check(), "an outcome of a run that did not hold the lease");
    }

    @Test
    void anOutcomeWithoutARunIsSeen() throws IOException {
        database.sql("DROP TRIGGER AuditStep");
        database.sql("UPDATE Jobs SET last_error = '{\"Ok\":\"nobody\"}' WHERE id = '" + task + "'");
        assertBroken(check(), "Done without a run");
    }

    @Test
    void aResultThatIsNotStoredIsSeen() throws IOException {
        String run = runOf(task);
        database.sql("DROP TRIGGER AuditStep");
        database.sql("UPDATE Jobs SET last_error = '{\"Ok\":null}' WHERE id = '" + task + "'");
        assertBroken(check(), "Done without a run");

        write("empty " + run + "\n");
        assertThat(check().text()).isEqualTo("held");
    }

    private String runOf(String id) {
        return Objects.requireNonNull(
                (String) database.value("SELECT last_error ->> 'Ok' FROM Jobs WHERE id = '" + id + "'"));
    }

    @Test
    void whatWasDoneAndChangedAgainIsSeen() throws IOException {
        database.sql("UPDATE Jobs SET last_error = last_error WHERE id = '" + task + "'");
        assertBroken(check(), "a step that nobody may take");
    }
}
