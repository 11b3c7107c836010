-- Which Pollux set this database up.
CREATE TABLE IF NOT EXISTS PolluxSchema (version INTEGER PRIMARY KEY NOT NULL, applied_at INTEGER NOT NULL)
