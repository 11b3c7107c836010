package dev.pollux.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * One thing that is measured.
 *
 * @param name for example {@code driver primary-key read}
 * @param measures what each round gives, the main value first
 * @param hasYardstick whether the second contender is the yardstick of the others
 * @param contenders ours first
 * @param times how many rounds it has for each one of the others': of short ones it takes more
 */
record Figure(String name, List<Measure> measures, boolean hasYardstick, List<Contender> contenders, int times) {

    private static final long SEED = 1; // the orders of one run are those of the next

    /**
     * The contenders' values.
     *
     * @param values for each contender, for each measure, one for each round
     */
    record Outcome(Figure figure, List<List<double[]>> values) {

        /** Measures each contender once; a round below 0 is for warming up and does not count. */
        private void measure(int round, Random random) throws Exception {
            List<Integer> order =
                    IntStream.range(0, values.size()).boxed().collect(Collectors.toCollection(ArrayList::new));
            Collections.shuffle(order, random);
            for (int i : order) {
                Contender contender = figure.contenders().get(i);
                if (round < 0 && !contender.warmsUp()) {
                    continue;
                }
                double[] given = contender.round().run();
                for (int measure = 0; round >= 0 && measure < figure.measures().size(); measure++) {
                    values.get(i).get(measure)[round] = measure < given.length ? given[measure] : Double.NaN;
                }
            }
        }

        /** NaN if the contender does not have that measure. */
        double median(int contender, int measure) {
            double[] sorted = sorted(contender, measure);
            int middle = sorted.length / 2;
            return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        }

        double least(int contender, int measure) {
            return sorted(contender, measure)[0];
        }

        double most(int contender, int measure) {
            double[] sorted = sorted(contender, measure);
            return sorted[sorted.length - 1];
        }

        /** The contender's median in relation to the yardstick's; NaN if there is none. */
        double ratio(int contender, int measure) {
            return figure.hasYardstick() ? median(contender, measure) / median(1, measure) : Double.NaN;
        }

        private double[] sorted(int contender, int measure) {
            double[] sorted = values.get(contender).get(measure).clone();
            Arrays.sort(sorted);
            return sorted;
        }
    }

    Figure(String name, List<Measure> measures, boolean hasYardstick, List<Contender> contenders) {
        this(name, measures, hasYardstick, contenders, 1);
    }

    /** A figure of one measure. */
    static Figure of(String name, String unit, boolean hasYardstick, List<Contender> contenders) {
        return new Figure(name, List.of(new Measure("", unit)), hasYardstick, contenders);
    }

    /**
     * Lets the contenders take turns, so that whatever else the machine does meets all of them alike. Each round has an
     * order of its own: what one leaves behind, threads that still write for example, is not always met by the same.
     */
    Outcome measure(int warmUps, int rounds) throws Exception {
        return measureTogether(List.of(this), warmUps, times * rounds).get(0);
    }

    /**
     * Measures several figures at once, a round of each after a round of the one before: so what the machine does for
     * some seconds does not decide one figure and spare the others.
     */
    static List<Outcome> measureTogether(List<Figure> figures, int warmUps, int rounds) throws Exception {
        List<Outcome> outcomes =
                figures.stream().map(figure -> figure.unmeasured(rounds)).toList();
        Random random = new Random(SEED);
        for (int round = -warmUps; round < rounds; round++) {
            for (Outcome outcome : outcomes) {
                outcome.measure(round, random);
            }
        }
        return outcomes;
    }

    private Outcome unmeasured(int rounds) {
        List<List<double[]>> values = contenders.stream()
                .map(contender ->
                        measures.stream().map(measure -> new double[rounds]).toList())
                .toList();
        return new Outcome(this, values);
    }

    /** The contenders' names in their order. */
    List<String> names() {
        return contenders.stream().map(Contender::name).toList();
    }
}
