package dev.pollux.r2dbc.hrana;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What the driver does for a server's reply. Run by {@code dev.pollux.bench.Bench}. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class HranaMicrobench {

    private static final String ROW = """
            [{"type":"text","value":"01KB00000000000000000000ZZ"},{"type":"integer","value":"1764000000"},\
            {"type":"float","value":0.5},{"type":"null"}]""";
    private static final String REPLY = """
            {"baton":null,"base_url":null,"results":[{"type":"ok","response":{"type":"execute","result":{"cols":[\
            {"name":"id","decltype":"TEXT"},{"name":"at","decltype":"INTEGER"},{"name":"share","decltype":"REAL"},\
            {"name":"note","decltype":"TEXT"}],"rows":[%s],"affected_row_count":0,"last_insert_rowid":null}}}]}""";

    private final byte[] reply =
            REPLY.formatted(String.join(",", Collections.nCopies(1_000, ROW))).getBytes(StandardCharsets.UTF_8);

    @Benchmark
    public Object replyOfAThousandRows() {
        return ReplyReader.read(reply);
    }
}
