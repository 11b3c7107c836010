-- Brings the outcome of a task that ended there.
UPDATE Jobs
SET status = row.value ->> 'status',
    attempts = row.value ->> 'attempts',
    last_error = row.value ->> 'last_error',
    done_at = row.value ->> 'done_at',
    lock_by = 'pollux-remote',
    lock_at = NULL,
    lease = NULL
FROM json_each(:rows) AS row
WHERE Jobs.id = row.value ->> 'id'
  AND row.value ->> 'status' IN ('Done', 'Killed')
  AND NOT (Jobs.status IN ('Done', 'Killed') AND EXISTS (SELECT 1 FROM PolluxSynced WHERE task = Jobs.id))
