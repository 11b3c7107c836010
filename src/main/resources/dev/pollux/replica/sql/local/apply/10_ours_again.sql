-- A task that has become ours again, or anew, is for this file's workers to run. One that the remote hears of for the first time
-- is ours already.
UPDATE Jobs
SET status = 'Pending',
    lock_by = NULL,
    lock_at = NULL,
    lease = NULL,
    attempts = row.value ->> 'attempts',
    max_attempts = row.value ->> 'max_attempts',
    run_at = row.value ->> 'run_at',
    last_error = row.value ->> 'last_error',
    done_at = row.value ->> 'done_at',
    priority = row.value ->> 'priority',
    metadata = row.value ->> 'metadata'
FROM json_each(:rows) AS row
WHERE Jobs.id = row.value ->> 'id'
  AND row.value ->> 'held'
  AND NOT (Jobs.status IN ('Done', 'Killed') AND EXISTS (SELECT 1 FROM PolluxSynced WHERE task = Jobs.id))
  AND NOT EXISTS (SELECT 1
                  FROM PolluxSynced
                  WHERE task = Jobs.id AND held = 1 AND (known = 0 OR lease = row.value ->> 'lease'))
