package dev.pollux.testing;

/** The tables and indexes of the Rust crate apalis-libsql 0.1, with its foreign key. */
public final class RustTables {

    private RustTables() {}

    /** Makes them in an empty database. */
    public static void create(TestDatabase database) {
        database.sql("CREATE TABLE Workers (id TEXT PRIMARY KEY NOT NULL, worker_type TEXT NOT NULL, storage_name TEXT"
                + " NOT NULL, layers TEXT, last_seen INTEGER NOT NULL DEFAULT (strftime('%s', 'now')))");
        database.sql("CREATE TABLE Jobs (job BLOB NOT NULL, id TEXT PRIMARY KEY NOT NULL, job_type TEXT NOT NULL,"
                + " status TEXT NOT NULL DEFAULT 'Pending', attempts INTEGER NOT NULL DEFAULT 0, max_attempts INTEGER"
                + " NOT NULL DEFAULT 25, run_at INTEGER NOT NULL DEFAULT (strftime('%s', 'now')), last_error TEXT,"
                + " lock_at INTEGER, lock_by TEXT, done_at INTEGER, priority INTEGER NOT NULL DEFAULT 0, metadata TEXT,"
                + " FOREIGN KEY(lock_by) REFERENCES Workers(id))");
        database.sql("CREATE INDEX WTIdx ON Workers(worker_type)");
        database.sql("CREATE INDEX LSIdx ON Workers(last_seen)");
        database.sql("CREATE INDEX SIdx ON Jobs(status)");
        database.sql("CREATE INDEX LIdx ON Jobs(lock_by)");
        database.sql("CREATE INDEX JTIdx ON Jobs(job_type)");
    }
}
