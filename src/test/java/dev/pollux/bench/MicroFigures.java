package dev.pollux.bench;

import dev.pollux.QueueMicrobench;
import dev.pollux.r2dbc.DriverMicrobench;
import dev.pollux.r2dbc.hrana.HranaMicrobench;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** 10: what is done for each task, statement or reply without a database, by JMH, in a JVM of its own each round. */
final class MicroFigures implements Suite {

    private final Scale scale;

    MicroFigures(Scale scale) {
        this.scale = scale;
    }

    @Override
    public List<Figure> figures() {
        List<Figure> figures = new ArrayList<>();
        for (Class<?> type : List.of(QueueMicrobench.class, DriverMicrobench.class, HranaMicrobench.class)) {
            Stream.of(type.getDeclaredMethods())
                    .filter(method -> method.isAnnotationPresent(Benchmark.class))
                    .sorted(Comparator.comparing(Method::getName))
                    .map(this::figure)
                    .forEach(figures::add);
        }
        return figures;
    }

    private Figure figure(Method benchmark) {
        String words = benchmark.getName().replaceAll("(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
        return Figure.of(
                "10 micro " + words, "ns", false, List.of(new Contender("Pollux", false, () -> run(benchmark))));
    }

    private double[] run(Method benchmark) throws Exception {
        String name = benchmark.getDeclaringClass().getName() + "." + benchmark.getName();
        TimeValue second = TimeValue.milliseconds(scale.of(1_000, 100));
        return new Runner(new OptionsBuilder()
                        .include("^" + name.replace(".", "\\.") + "$")
                        .forks(1)
                        .warmupIterations(2)
                        .warmupTime(second)
                        .measurementIterations(2)
                        .measurementTime(second)
                        .verbosity(VerboseMode.SILENT)
                        .build())
                .run().stream()
                        .mapToDouble(result -> result.getPrimaryResult().getScore())
                        .toArray();
    }
}
