-- ack.sql for leases of one fetch, by :worker, with the same attempts. :outcomes is an object: the id of each task, and
-- its result.
UPDATE Jobs
SET status = 'Done', last_error = outcome.value, done_at = unixepoch()
FROM json_each(:outcomes) AS outcome
WHERE Jobs.id = outcome.key
  AND +Jobs.lock_by = :worker
  AND +Jobs.attempts = :attempts
  AND ifnull(Jobs.lease, 0) = :lease
  AND +Jobs.status IN ('Queued', 'Running')
