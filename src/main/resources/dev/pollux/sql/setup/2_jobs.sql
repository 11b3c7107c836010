-- The tasks of all queues, as apalis-libsql 0.1 has them, and the lease. Its foreign key from lock_by to Workers is left
-- out: finished tasks keep lock_by, and must not keep every worker there ever was.
CREATE TABLE IF NOT EXISTS Jobs (
  job BLOB NOT NULL,
  id TEXT PRIMARY KEY NOT NULL,
  job_type TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'Pending',
  attempts INTEGER NOT NULL DEFAULT 0,
  max_attempts INTEGER NOT NULL DEFAULT 25,
  run_at INTEGER NOT NULL DEFAULT (unixepoch()),
  last_error TEXT,
  lock_at INTEGER,
  lock_by TEXT,
  done_at INTEGER,
  priority INTEGER NOT NULL DEFAULT 0,
  metadata TEXT,
  lease INTEGER
)
