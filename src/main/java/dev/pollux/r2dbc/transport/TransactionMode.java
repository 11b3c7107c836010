package dev.pollux.r2dbc.transport;

/** How a transaction takes its locks, as in SQLite's {@code BEGIN}. */
public enum TransactionMode {
    /** No lock before the first statement: for transactions that only read. */
    DEFERRED,
    /** The write lock at once, so that a transaction that reads and then writes can't lose its snapshot. */
    IMMEDIATE,
    /** The write lock at once, and outside WAL mode no readers either. */
    EXCLUSIVE;

    /** The statement that begins such a transaction. */
    public String sql() {
        return "BEGIN " + name();
    }
}
