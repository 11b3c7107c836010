-- Keeps the outcomes that the remote refused, before its own take their place.
INSERT INTO PolluxRefused (task, status, attempts, last_error, done_at, refused_at)
SELECT id, status, attempts, last_error, done_at, unixepoch()
FROM Jobs
WHERE id IN (SELECT value FROM json_each(:refused)) AND status IN ('Done', 'Killed', 'Failed')
RETURNING task
