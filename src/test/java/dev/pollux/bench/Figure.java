package dev.pollux.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One thing that is measured.
 *
 * @param name for example {@code driver primary-key read}
 * @param unit of its values, for example {@code reads/s}
 * @param contenders ours first, then the yardstick, then others
 */
record Figure(String name, String unit, List<Contender> contenders) {

    /**
     * The contenders' values in the order of the rounds.
     *
     * @param values for each contender, one for each round
     */
    record Outcome(Figure figure, List<double[]> values) {

        double median(int contender) {
            double[] sorted = sorted(contender);
            int middle = sorted.length / 2;
            return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        }

        double least(int contender) {
            return sorted(contender)[0];
        }

        double most(int contender) {
            double[] sorted = sorted(contender);
            return sorted[sorted.length - 1];
        }

        /** The contender's median in relation to the yardstick's. */
        double ratio(int contender) {
            return median(contender) / median(1);
        }

        private double[] sorted(int contender) {
            double[] sorted = values.get(contender).clone();
            Arrays.sort(sorted);
            return sorted;
        }
    }

    /** Lets the contenders take turns, so that whatever else the machine does meets all of them alike. */
    Outcome measure(int warmUps, int rounds) throws Exception {
        List<double[]> values = new ArrayList<>();
        for (int i = 0; i < contenders.size(); i++) {
            values.add(new double[rounds]);
        }
        for (int round = -warmUps; round < rounds; round++) {
            for (int i = 0; i < contenders.size(); i++) {
                double value = contenders.get(i).round().run();
                if (round >= 0) {
                    values.get(i)[round] = value;
                }
            }
        }
        return new Outcome(this, values);
    }
}
