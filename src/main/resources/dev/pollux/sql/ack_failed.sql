-- Stores that runs failed. :outcomes is an object: the id of each task, and [fence, 'Failed' | 'Killed', result, wait in
-- ms]; the fence is that of lock.sql. A failure without a try left kills the task.
UPDATE Jobs
SET status = CASE
      WHEN Jobs.attempts + 1 >= Jobs.max_attempts THEN 'Killed'
      ELSE outcome.value ->> 1
    END,
    attempts = Jobs.attempts + 1,
    last_error = outcome.value ->> 2,
    done_at = unixepoch(),
    run_at = CASE
      WHEN outcome.value ->> 1 = 'Failed' THEN
        (CAST(unixepoch('subsec') * 1000 AS INTEGER) + (outcome.value ->> 3) + 999 * ((outcome.value ->> 3) > 0)) / 1000
      ELSE Jobs.run_at
    END
FROM json_each(:outcomes) AS outcome
WHERE Jobs.id = outcome.key
  AND Jobs.attempts || ' ' || ifnull(Jobs.lease, 0) || ' ' || Jobs.lock_by = outcome.value ->> 0
  AND +Jobs.status IN ('Queued', 'Running')
RETURNING Jobs.id, Jobs.status, Jobs.attempts
