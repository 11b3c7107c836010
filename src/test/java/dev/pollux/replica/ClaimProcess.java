package dev.pollux.replica;

import java.io.IOException;

/** A program that prints whether it gets the right to sync the file of that path. */
public final class ClaimProcess {

    private ClaimProcess() {}

    /** Takes the path of the database. */
    public static void main(String[] arguments) throws IOException {
        FileClaim claim = new FileClaim(arguments[0]);
        System.out.println(claim.hold());
        claim.close();
    }
}
