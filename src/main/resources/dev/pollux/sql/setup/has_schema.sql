-- 1 if a Pollux has set this database up, otherwise 0.
SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'PolluxSchema' COLLATE NOCASE
