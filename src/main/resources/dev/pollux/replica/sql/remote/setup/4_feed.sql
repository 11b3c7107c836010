-- What each replica is to hear of: a task that it created or held has changed. One writer at a time makes seq the order of commits.
CREATE TABLE IF NOT EXISTS PolluxFeed (
  seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  replica TEXT NOT NULL,
  task TEXT NOT NULL
)
