-- Remembers that :version was set up.
INSERT INTO PolluxSchema (version, applied_at)
VALUES (:version, unixepoch())
ON CONFLICT (version) DO NOTHING
