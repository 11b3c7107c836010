package dev.pollux.r2dbc;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What the driver does for each statement without a database. Run by {@code dev.pollux.bench.Bench}. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DriverMicrobench {

    private static final String TEXT = """
            UPDATE Jobs SET status = 'Running', lock_at = unixepoch() -- by their leases
            FROM json_each(?1) AS lease
            WHERE Jobs.id = lease.key AND Jobs.attempts || ' ' || ifnull(Jobs.lease, 0) || ' ' || Jobs.lock_by
              = lease.value
            RETURNING Jobs.id;
            SELECT "id", [status] FROM Jobs WHERE run_at <= :now AND metadata ->> '$.a;b' = :wanted""";

    private final SqlCache cache = new SqlCache(100_000);

    @Benchmark
    public Object parsedText() {
        return SqlScanner.parse(TEXT);
    }

    @Benchmark
    public Object knownText() {
        return cache.get(TEXT);
    }
}
