-- A task that is not ours to run, but not ended, is out of the reach of this file's workers: the worker that stands for the
-- remote holds it.
UPDATE Jobs
SET status = 'Queued',
    lock_by = 'pollux-remote',
    lock_at = unixepoch(),
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
  AND row.value ->> 'status' NOT IN ('Done', 'Killed')
  AND NOT row.value ->> 'held'
  AND row.value ->> 'followed'
  AND NOT (Jobs.status IN ('Done', 'Killed') AND EXISTS (SELECT 1 FROM PolluxSynced WHERE task = Jobs.id))
