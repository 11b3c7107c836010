package dev.pollux;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What the queue does for each task without a database. Run by {@code dev.pollux.bench.Bench}. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class QueueMicrobench {

    private final TaskCodec<Email> codec = TaskCodec.json(Email.class);
    private final Email email =
            new Email("user0000001@example.com", "Hello! A payload of a hundred bytes, as all others");
    private final byte[] payload = codec.encode(email);
    private final TaskRow row = new TaskRow(
            TaskId.next(), ByteBuffer.wrap(payload), Objects.requireNonNull(Json.text(payload)), 25, null, 0, 0, "{}");

    @Benchmark
    public Object newTaskId() {
        return TaskId.next();
    }

    @Benchmark
    public Object encodedPayload() {
        return codec.encode(email);
    }

    @Benchmark
    public @Nullable Object decodedPayload() {
        return codec.decode(payload);
    }

    @Benchmark
    public Object pushArgument() {
        return row.plain();
    }
}
