-- The unfinished tasks that the remote may know. held: 1 ours to run, 2 being given back to the pool, 0 elsewhere. lease is the
-- remote's, and names our hold. known: 0 until the remote has said so. followed: 1 if the remote tells us what becomes of it wherever
-- it is, because it was created here.
CREATE TABLE IF NOT EXISTS PolluxSynced (
  task TEXT PRIMARY KEY NOT NULL,
  lease INTEGER NOT NULL,
  held INTEGER NOT NULL,
  known INTEGER NOT NULL,
  followed INTEGER NOT NULL
) WITHOUT ROWID
