-- What this database is: one row. writer is the replica whose page is being written, and only inside such a transaction.
CREATE TABLE IF NOT EXISTS PolluxRemote (id TEXT PRIMARY KEY NOT NULL, writer TEXT)
