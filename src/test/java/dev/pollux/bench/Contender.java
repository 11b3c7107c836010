package dev.pollux.bench;

/**
 * One way to do what a figure measures.
 *
 * @param name by which the report names it
 * @param warmsUp whether it needs rounds that do not count: a program that starts anew each time does not
 * @param round does it once
 */
record Contender(String name, boolean warmsUp, Round round) {

    /** One measurement: a value for each of the figure's measures, or for the first of them only. */
    interface Round {
        double[] run() throws Exception;
    }

    /** Something that is done so many times. */
    interface Body {
        void run() throws Exception;
    }

    Contender(String name, Round round) {
        this(name, true, round);
    }

    /** A contender whose only value is a rate: so many things, done by one run of the body, per second. */
    static Contender rate(String name, int things, Body body) {
        return new Contender(name, () -> new double[] {rate(things, body)});
    }

    /** So many things, done by one run of the body, per second. */
    static double rate(int things, Body body) throws Exception {
        long start = System.nanoTime();
        body.run();
        return things * 1e9 / (System.nanoTime() - start);
    }
}
