package dev.pollux.testing;

/** A primary and a replica, which passes on to it what is written. Closing it stops both. */
public record SqldPair(Sqld primary, Sqld replica) implements AutoCloseable {

    /** Starts both. */
    public static SqldPair start() {
        Sqld primary = Sqld.startPrimary();
        try {
            return new SqldPair(primary, Sqld.startReplica(primary.grpcPort()));
        } catch (RuntimeException e) {
            primary.close();
            throw e;
        }
    }

    @Override
    public void close() {
        replica.close();
        primary.close();
    }
}
