-- Stores that tasks are done. :outcomes is an object: the id of each task, and [fence, result]; the fence is that of
-- lock.sql.
UPDATE Jobs
SET status = 'Done', last_error = outcome.value ->> 1, done_at = unixepoch()
FROM json_each(:outcomes) AS outcome
WHERE Jobs.id = outcome.key
  AND Jobs.attempts || ' ' || ifnull(Jobs.lease, 0) || ' ' || Jobs.lock_by = outcome.value ->> 0
  AND +Jobs.status IN ('Queued', 'Running')
RETURNING Jobs.id
