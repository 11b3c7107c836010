package dev.pollux.bench;

/**
 * One way to do what a figure measures.
 *
 * @param name by which the report names it
 * @param round does it for about a fraction of a second and gives the value in the figure's unit
 */
record Contender(String name, Round round) {

    /** One measurement. */
    interface Round {
        double run() throws Exception;
    }

    /** Something that is done so many times. */
    interface Body {
        void run() throws Exception;
    }

    /** A contender whose value is a rate: so many things, done by one run of the body, per second. */
    static Contender rate(String name, int things, Body body) {
        return new Contender(name, () -> {
            long start = System.nanoTime();
            body.run();
            return things * 1e9 / (System.nanoTime() - start);
        });
    }
}
