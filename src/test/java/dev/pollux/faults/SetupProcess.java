package dev.pollux.faults;

import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import java.io.IOException;

/** A program that says {@code ready}, sets a database up when its standard input ends, and says {@code set up} or why not. */
public final class SetupProcess {

    private SetupProcess() {}

    /** Takes the R2DBC URL. */
    public static void main(String[] arguments) throws IOException {
        ConnectionFactory factory = ConnectionFactories.get(arguments[0]);
        System.out.println("ready");
        while (System.in.read() >= 0) {
            // Until the parent closes it.
        }
        try {
            SetupRaceContract.storage(factory).setup().block(SetupRaceContract.PATIENCE);
            System.out.println("set up");
        } catch (RuntimeException e) {
            System.out.println("failed with " + e);
        }
        System.exit(0);
    }
}
