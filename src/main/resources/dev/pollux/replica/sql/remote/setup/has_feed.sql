-- 1 if this database serves replicas already, otherwise 0.
SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name = 'PolluxFeedDelete' COLLATE NOCASE
