-- Outcomes that the remote did not take, because the task was no longer ours: kept for people to look at.
CREATE TABLE IF NOT EXISTS PolluxRefused (
  task TEXT NOT NULL,
  status TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  last_error TEXT,
  done_at INTEGER,
  refused_at INTEGER NOT NULL
)
