-- The workers of all queues, as apalis-libsql 0.1 has them.
CREATE TABLE IF NOT EXISTS Workers (
  id TEXT PRIMARY KEY NOT NULL,
  worker_type TEXT NOT NULL,
  storage_name TEXT NOT NULL,
  layers TEXT,
  last_seen INTEGER NOT NULL DEFAULT (unixepoch())
)
