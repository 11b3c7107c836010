-- The replicas of this database. turn is the number of the last request of each, so that a database that was restored, whenever that
-- was, shows; nonce names its last talk, and leases is the number of the last hold it was given.
CREATE TABLE IF NOT EXISTS PolluxReplicas (
  id TEXT PRIMARY KEY NOT NULL,
  turn INTEGER NOT NULL,
  nonce TEXT NOT NULL,
  leases INTEGER NOT NULL DEFAULT 0,
  last_seen INTEGER NOT NULL
)
