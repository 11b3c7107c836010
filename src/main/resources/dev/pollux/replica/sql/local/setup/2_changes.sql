-- The tasks that were changed here and not sent yet, in the order of the changes; no number is used twice. retried: a finished
-- task is to run again. deleted: somebody deleted it, rather than that it is none of our business any more.
CREATE TABLE IF NOT EXISTS PolluxChanges (
  seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  task TEXT NOT NULL,
  retried INTEGER NOT NULL,
  deleted INTEGER NOT NULL
)
