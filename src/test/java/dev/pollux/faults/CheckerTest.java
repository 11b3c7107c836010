package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.Outcome;
import dev.pollux.TaskId;
import dev.pollux.Worker;
import dev.pollux.testing.TestDatabase;
import io.r2dbc.spi.ConnectionFactories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
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
    private String task = "";

    @BeforeEach
    void workAsItShouldBe() throws IOException {
        String url = "r2dbc:libsql:file://" + folder.resolve("queue.db");
        database = TestDatabase.at(url);
        try (Ledger ledger = Ledger.open(folder, "load")) {
            Load load = Load.on(ConnectionFactories.get(url), ledger, config -> config);
            load.storage().setup().block(PATIENCE);
            Audit.begin(database);
            load.push("producer", Flux.range(1, TASKS).map(Integer::longValue)).blockLast(PATIENCE);
            List<TaskId> done = load.storage()
                    .poll(Worker.named("worker"))
                    .transform(load.storage().lock())
                    .flatMap(load.storage().ack(load::run))
                    .take(TASKS)
                    .map(Outcome::id)
                    .collectList()
                    .blockOptional(PATIENCE)
                    .orElseThrow();
            task = done.get(0).value();
        }
    }

    private Verdict check() throws IOException {
        return Checker.check(database, folder);
    }

    private void write(String line) throws IOException {
        Files.writeString(folder.resolve("load.ledger"), line, StandardOpenOption.APPEND);
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
        Files.writeString(
                folder.resolve("load.ledger"),
                Files.readString(folder.resolve("load.ledger")).replace(" " + task, " 0" + task));
        assertBroken(check(), "there and never pushed");
    }

    @Test
    void aSecondRunWithoutCauseIsSeen() throws IOException {
        write("run again " + task + " 1 worker\n");
        assertThat(check().duplicated()).isEqualTo(1);
        assertBroken(check(), "run too often");
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
        String run = Objects.requireNonNull(
                (String) database.value("SELECT last_error ->> 'Ok' FROM Jobs WHERE id = '" + task + "'"));
        Path ledger = folder.resolve("load.ledger");
        Files.writeString(
                ledger,
                Files.readString(ledger).replace("run " + run + ' ' + task + " 1 ", "run " + run + ' ' + task + " 2 "));
        assertBroken(check(), "Done by a run that had lost its lease");
    }

    @Test
    void anOutcomeWithoutARunIsSeen() throws IOException {
        database.sql("DROP TRIGGER AuditStep");
        database.sql("UPDATE Jobs SET last_error = '{\"Ok\":\"nobody\"}' WHERE id = '" + task + "'");
        assertBroken(check(), "Done without a run");
    }

    @Test
    void whatWasDoneAndChangedAgainIsSeen() throws IOException {
        database.sql("UPDATE Jobs SET last_error = last_error WHERE id = '" + task + "'");
        assertBroken(check(), "a step that nobody may take");
    }
}
