-- The replicas of this database, each with its last talk, and the number of the last hold it was given.
CREATE TABLE IF NOT EXISTS PolluxReplicas (
  id TEXT PRIMARY KEY NOT NULL,
  turn INTEGER NOT NULL,
  nonce TEXT NOT NULL,
  leases INTEGER NOT NULL DEFAULT 0,
  last_seen INTEGER NOT NULL
)
