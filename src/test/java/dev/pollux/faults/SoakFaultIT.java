package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.faults.SoakProcess.Sample;
import dev.pollux.faults.SoakProcess.Totals;
import dev.pollux.testing.ChildJvm;
import dev.pollux.testing.Sqld;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Work at full speed for long takes no more memory, descriptors or disk at its end than at its beginning. */
class SoakFaultIT {

    private static final int SAMPLES = 12;
    private static final long MORE_HEAP = 16 << 20;
    private static final long MORE_DESCRIPTORS = 8;
    /** Sixteen times what SQLite lets it grow to before it looks for a moment to empty it. */
    private static final long MOST_LOG = 64 << 20;

    @TempDir
    private Path folder;

    @Test
    void aFileAndAServerAreWorkedOnForLong() throws Exception {
        int seconds = Scale.of(3, 600);
        Path file = folder.resolve("queue.db");
        try (Sqld sqld = Sqld.start();
                ChildJvm onFile = start("file:" + file, folder.resolve("queue.db-wal"), seconds);
                ChildJvm onServer =
                        start("libsql://127.0.0.1:" + sqld.port() + "?tls=0", sqld.writeAheadLog(), seconds)) {
            check("11 soak, file", seconds, onFile);
            check("11 soak, sqld", seconds, onServer);
        }
    }

    private static ChildJvm start(String url, Path log, int seconds) throws IOException {
        return ChildJvm.start(SoakProcess.class, url, log.toString(), String.valueOf(seconds), String.valueOf(SAMPLES));
    }

    private static void check(String fault, int seconds, ChildJvm process) {
        List<String> lines = process.lines().collectList().blockOptional().orElseThrow();
        List<Sample> samples = lines.stream()
                .filter(line -> line.startsWith("sample "))
                .map(Sample::of)
                .toList();
        Totals totals = Totals.of(lines.get(lines.size() - 1));

        assertThat(samples).hasSize(SAMPLES);
        assertThat(growth(samples, Sample::heap)).as("bytes of heap").isLessThan(MORE_HEAP);
        assertThat(growth(samples, Sample::descriptors)).as("descriptors").isLessThan(MORE_DESCRIPTORS);
        // A server empties it now and then.
        assertThat(samples).anySatisfy(sample -> assertThat(sample.log()).isPositive());
        assertThat(samples).allSatisfy(sample -> assertThat(sample.log()).isLessThan(MOST_LOG));
        assertThat(totals.threads()).as("threads left").isZero();
        int lost = (int) (totals.pushed() - totals.done());
        int duplicated = (int) (totals.runs() - totals.done());
        Report.add(fault, seconds, new Verdict((int) totals.pushed(), lost, duplicated, List.of()));
    }

    /** By how much the median of the last third is above that of the first. */
    private static long growth(List<Sample> samples, ToLongFunction<Sample> what) {
        int third = SAMPLES / 3;
        return median(samples.subList(SAMPLES - third, SAMPLES), what) - median(samples.subList(0, third), what);
    }

    private static long median(List<Sample> samples, ToLongFunction<Sample> what) {
        return samples.stream()
                .mapToLong(what)
                .sorted()
                .skip(samples.size() / 2)
                .findFirst()
                .orElseThrow();
    }
}
