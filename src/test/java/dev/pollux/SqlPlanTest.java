package dev.pollux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What a step costs does not grow with what it does not touch: no statement reads all tasks or sorts them, by SQLite's
 * own account of its plan.
 */
class SqlPlanTest {

    private final TestDatabase database = TestDatabase.at("r2dbc:libsql:mem:///" + TaskId.next());

    @BeforeEach
    void setUp() {
        LibsqlStorage.create(database.factory(), Email.class, Config.of("email"))
                .setup()
                .block(Duration.ofSeconds(30));
    }

    private String plan(Sql sql) {
        // The plan is made without values; whatever is bound will do.
        String bound = ("EXPLAIN QUERY PLAN " + sql.alone()).replaceAll("\\?\\d+", "'{}'");
        return database.sql(bound).stream()
                .map(row -> String.valueOf(row.get(3)))
                .collect(Collectors.joining("\n"));
    }

    @ParameterizedTest
    @EnumSource(
            value = Sql.class,
            names = {
                "PUSH",
                "PUSH_DETAILED",
                "PUSH_BATCH",
                "PUSH_BATCH_DETAILED",
                "RELEASE",
                "ACK",
                "ACK_FETCHED",
                "ACK_FAILED",
                "LOCK",
                "LOCK_FETCHED",
                "FETCH",
                "LEASES_OF",
                "NEXT_DUE",
                "FIND",
                "INSPECT"
            })
    void noStepReadsOrSortsAllTasks(Sql sql) {
        String plan = plan(sql);
        assertThat(plan.lines()).noneMatch(line -> line.matches("SCAN (Jobs|ready).*"));
        assertThat(plan).doesNotContain("ORDER BY");
    }

    @ParameterizedTest
    @EnumSource(value = Sql.class, names = "SWEEP")
    void theSweepReadsOnlyTheIndexOfLeases(Sql sql) {
        List<String> scans =
                plan(sql).lines().filter(line -> line.startsWith("SCAN")).toList();
        assertThat(scans).containsExactly("SCAN task USING INDEX PolluxLeased");
    }

    @ParameterizedTest
    @EnumSource(
            value = Sql.class,
            names = {"FETCH", "NEXT_DUE"})
    void readyTasksAreFoundThroughTheirIndex(Sql sql) {
        assertThat(plan(sql)).contains("USING INDEX PolluxReady (job_type=? AND priority=?");
    }

    @ParameterizedTest
    @EnumSource(
            value = Sql.class,
            names = {"LOCK", "LOCK_FETCHED", "ACK", "ACK_FETCHED", "ACK_FAILED", "RELEASE"})
    void theRustCratesIndexesDoNotLeadSqliteAstray(Sql sql) {
        database.sql("CREATE INDEX SIdx ON Jobs(status)");
        database.sql("CREATE INDEX LIdx ON Jobs(lock_by)");
        database.sql("CREATE INDEX JTIdx ON Jobs(job_type)");
        assertThat(plan(sql).lines())
                .hasSize(2)
                .last()
                .isEqualTo("SEARCH Jobs USING INDEX sqlite_autoindex_Jobs_1 (id=?)");
    }
}
