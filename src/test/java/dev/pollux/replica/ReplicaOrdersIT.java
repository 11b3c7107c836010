package dev.pollux.replica;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.TaskId;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tasks that are cancelled, deleted, retried and rescheduled, on either side. */
class ReplicaOrdersIT extends SyncedSites {

    @Test
    void cancellingDeletingRetryingAndReschedulingTravelUp() {
        Site a = site("a");
        TaskId cancelled = a.push("cancelled");
        TaskId deleted = a.push("deleted");
        TaskId rescheduled = a.push("rescheduled");
        TaskId retried = a.push("retried");
        a.sync();
        Site b = site("b");
        a.file.sql("UPDATE Jobs SET status = 'Killed', last_error = '{\"Err\":\"no\"}', done_at = 1 WHERE id = '"
                + cancelled.value() + "'");
        a.file.sql("DELETE FROM Jobs WHERE id = '" + deleted.value() + "'");
        a.file.sql("UPDATE Jobs SET priority = 7, run_at = run_at + 1000 WHERE id = '" + rescheduled.value() + "'");
        a.sync();

        assertThat(remoteStatus(cancelled)).isEqualTo("Killed 0 ");
        assertThat(remoteStatus(deleted)).isEqualTo("none");
        assertThat(remote.sql(
                        "SELECT priority FROM Jobs WHERE id = '" + rescheduled.value() + "' AND run_at > unixepoch()"))
                .containsExactly(List.of(7L));
        takeTo(b);
        assertThat(b.run(1)).containsExactly("retried");
        b.sync();
        a.sync();
        assertThat(a.status(retried)).isEqualTo("Done pollux-remote");

        a.file.sql("UPDATE Jobs SET status = 'Pending', attempts = 0, lock_by = NULL WHERE id = '" + retried.value()
                + "'");
        assertThat(a.run(1)).containsExactly("retried");

        assertThat(a.sync().refused()).isEmpty();
        assertThat(remoteStatus(retried)).isEqualTo("Done 0 pollux-replica:" + a.id() + ":" + Site.QUEUE);
        assertThat(b.sync().refused()).isEmpty();
    }

    @Test
    void aTaskThatIsCancelledWhereItWasCreatedHasTheTriesThatWereLostElsewhere() {
        Site a = site("a");
        Site b = site("b");
        TaskId id = heldElsewhere(a, b);
        loseHoldsOf(b);
        a.file.sql("UPDATE Jobs SET status = 'Killed', last_error = '{\"Err\":\"no\"}', done_at = 1");

        a.sync();

        assertThat(remoteStatus(id)).isEqualTo("Killed 1 ");
        assertThat(a.file.sql("SELECT status, attempts FROM Jobs")).containsExactly(List.of("Killed", 1L));
    }

    @Test
    void cancellingDeletingRetryingAndReschedulingTravelDown() {
        Site a = site("a");
        TaskId cancelled = a.push("cancelled");
        TaskId deleted = a.push("deleted");
        TaskId rescheduled = a.push("rescheduled");
        TaskId retried = a.push("retried");
        a.run(4);
        a.sync();
        TaskId held = a.push("held");
        takeTo(a);
        remote.sql("UPDATE Jobs SET status = 'Pending', attempts = 0, lock_by = NULL, lease = NULL WHERE id = '"
                + retried.value() + "'");
        takeTo(a);
        assertThat(a.status(retried)).isEqualTo("Pending");

        remote.sql("UPDATE Jobs SET priority = 9 WHERE id = '" + held.value() + "'");
        a.sync();
        assertThat(a.file.sql("SELECT priority FROM Jobs WHERE id = '" + held.value() + "'"))
                .containsExactly(List.of(9L));
        remote.sql("UPDATE Jobs SET status = 'Killed', last_error = '{\"Err\":\"no\"}', done_at = 1 WHERE id = '"
                + held.value() + "'");
        remote.sql("DELETE FROM Jobs WHERE id = '" + retried.value() + "'");
        a.sync();

        assertThat(a.status(held)).isEqualTo("Killed pollux-remote");
        assertThat(a.status(retried)).isNull();
        remote.sql("DELETE FROM Jobs");
        a.sync();
        assertThat(a.status(cancelled)).as("each side has its own retention").startsWith("Done");
        assertThat(a.status(deleted)).startsWith("Done");
        assertThat(a.status(rescheduled)).startsWith("Done");
    }

    @Test
    void whatBothSidesChangeStaysAsTheServerHasIt() {
        Site a = site("a");
        TaskId held = a.push("held");
        takeTo(a);
        a.file.sql("UPDATE Jobs SET priority = 1");
        remote.sql("UPDATE Jobs SET priority = 2");

        takeTo(a);

        assertThat(remote.sql("SELECT priority FROM Jobs")).containsExactly(List.of(2L));
        assertThat(a.file.sql("SELECT priority FROM Jobs WHERE id = '" + held.value() + "'"))
                .containsExactly(List.of(2L));
    }
}
