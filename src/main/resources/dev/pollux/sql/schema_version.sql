-- The version of the newest Pollux that set this database up; no such table if none did.
SELECT max(version) FROM PolluxSchema
