-- What this file is: one row. remote, turn and nonce name the last request to the remote database and the talk it was in, asked, an
-- array, the nonces of talks whose answers are not known, the newest last; forced is 1 if it is to be believed whatever the remote
-- remembers of the file; hold_until is when the remote may give our tasks away, by this machine's clock, 0 if nobody knows; aside is 1
-- if tasks that we hold may have been taken out of our workers' reach for that; applying is 1 while what came from the remote is
-- written, and only inside such a transaction.
CREATE TABLE IF NOT EXISTS PolluxReplica (
  id TEXT PRIMARY KEY NOT NULL,
  remote TEXT,
  turn INTEGER NOT NULL DEFAULT 0,
  nonce TEXT,
  asked TEXT NOT NULL DEFAULT '[]',
  forced INTEGER NOT NULL DEFAULT 0,
  cursor INTEGER NOT NULL DEFAULT 0,
  hold_until INTEGER NOT NULL DEFAULT 0,
  aside INTEGER NOT NULL DEFAULT 0,
  applying INTEGER NOT NULL DEFAULT 0
)
