package dev.pollux.replica;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.LibsqlStorage;
import dev.pollux.NewTask;
import dev.pollux.Task;
import dev.pollux.TaskId;
import dev.pollux.Worker;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** Tasks and results that are large for a server, or too large: what is behind them goes up all the same. */
class ReplicaLargeTasksIT extends SyncedSites {

    private static final int MEGABYTE = 1_000_000;

    private static byte[] binary(int bytes) {
        byte[] payload = new byte[bytes];
        new Random(bytes).nextBytes(payload);
        return payload;
    }

    private static TaskId push(LibsqlStorage<byte[]> storage, byte[] payload) {
        TaskId id = TaskId.next();
        storage.push(NewTask.of(payload).id(id)).block(Site.WAIT);
        return id;
    }

    private byte[] remotePayload(TaskId id) {
        ByteBuffer payload = (ByteBuffer) remote.sql("SELECT job FROM Jobs WHERE id = '" + id.value() + "'")
                .get(0)
                .get(0);
        byte[] bytes = new byte[Objects.requireNonNull(payload).remaining()];
        payload.get(bytes);
        return bytes;
    }

    @Test
    void payloadsOfSeveralMegabytesTravelUpAndDown() {
        Site a = site("a");
        Site b = site("b");
        LibsqlStorage<byte[]> bytes = a.storage.compact();
        for (int size : new int[] {2 * MEGABYTE - 1, 2 * MEGABYTE, 3 * MEGABYTE, 100, 4_800_000, 1}) {
            push(bytes, binary(size));
        }
        a.push("\"\n\\".repeat(MEGABYTE / 3));
        byte[] controls = new byte[MEGABYTE];
        Arrays.fill(controls, (byte) 1);
        push(bytes, controls);
        push(bytes, controls);
        a.push("x".repeat(4_800_000));

        SyncReport up = a.sync();
        assertThat(up.sent()).isEqualTo(10);
        assertThat(up.tooLarge()).isEmpty();
        SyncReport down = takeTo(b);

        assertThat(down.taken()).isEqualTo(10);
        String all = "SELECT id, length(job), substr(hex(job), -20) FROM Jobs ORDER BY id";
        assertThat(b.file.sql(all)).isEqualTo(a.file.sql(all));
    }

    @Test
    void aTaskThatIsTooLargeStaysAndRunsHereAndThoseBehindItGoUp() {
        Site a = site("a");
        TaskId before = a.push("before");
        TaskId large = a.push("x".repeat(6 * MEGABYTE));
        TaskId described = TaskId.next();
        a.storage
                .push(NewTask.of("described").id(described).metadata(Map.of("more", "x".repeat(6 * MEGABYTE))))
                .block(Site.WAIT);
        TaskId behind = a.push("behind");

        SyncReport report = a.sync();

        assertThat(remoteStatus(before)).isEqualTo("Pending 0 ");
        assertThat(remoteStatus(behind)).isEqualTo("Pending 0 ");
        if (kind == Kind.TURSODB) {
            assertThat(report.tooLarge()).as("it has no such limit").isEmpty();
            return;
        }
        assertThat(report.tooLarge()).containsExactly(large, described);
        assertThat(report.unsent()).isZero();
        assertThat(remoteStatus(large)).isEqualTo("none");
        assertThat(a.status(large)).isEqualTo("Pending");
        // Also offline for long: nobody else can have them.
        a.file.sql("UPDATE PolluxReplica SET hold_until = 0");
        assertThat(a.run(2)).hasSize(2);
        assertThat(a.sync().tooLarge()).containsExactly(large, described);
        assertThat(a.status(large)).startsWith("Done worker");
    }

    @Test
    void aResultThatIsTooLargeStaysHereAndTheTaskEndsEverywhere() {
        Site a = site("a");
        TaskId id = a.push("one");
        takeTo(a);
        String result = "x".repeat(6 * MEGABYTE);
        a.storage
                .poll(Worker.named("worker"))
                .transform(a.storage.lock())
                .concatMap(a.storage.ack((Task<String> task) -> Mono.just(result)))
                .blockFirst(Site.WAIT);

        SyncReport report = a.sync();

        assertThat(report.refused()).isEmpty();
        assertThat(report.tooLarge()).isEmpty();
        assertThat(remoteStatus(id)).startsWith("Done 0 ");
        assertThat(a.file.number("SELECT length(last_error) FROM Jobs")).isGreaterThan(result.length());
        if (kind == Kind.SQLD) {
            assertThat(remote.sql("SELECT last_error FROM Jobs").get(0)).containsExactly("{\"Ok\":null}");
        }
    }

    @Test
    void theRemoteHasBinaryPayloadsAsTheyWere() {
        Site a = site("a");
        byte[] small = binary(10_000);
        byte[] large = binary(3 * MEGABYTE);
        TaskId first = push(a.storage.compact(), small);
        TaskId second = push(a.storage.compact(), large);

        a.sync();

        assertThat(remotePayload(first)).isEqualTo(small);
        assertThat(remotePayload(second)).isEqualTo(large);
    }
}
