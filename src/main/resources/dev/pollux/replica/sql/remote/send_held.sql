-- What became of the tasks that the replica holds, fenced by the hold.
UPDATE Jobs AS task
SET status = CASE WHEN row.value ->> 'status' IN ('Done', 'Killed') THEN row.value ->> 'status' ELSE 'Queued' END,
    attempts = row.value ->> 'attempts',
    max_attempts = row.value ->> 'max_attempts',
    run_at = row.value ->> 'run_at',
    last_error = row.value ->> 'last_error',
    done_at = row.value ->> 'done_at',
    priority = row.value ->> 'priority',
    metadata = row.value ->> 'metadata'
FROM json_each(:rows) AS row
WHERE task.id = row.value ->> 'id'
  AND row.value ->> 'held'
  AND row.value ->> 'status' IS NOT NULL
  AND task.lock_by = :prefix || task.job_type
  AND ifnull(task.lease, 0) = row.value ->> 'lease'
  AND +task.status IN ('Queued', 'Running')
  AND (row.value ->> 'status' IN ('Done', 'Killed')
       OR task.attempts <> row.value ->> 'attempts'
       OR task.max_attempts <> row.value ->> 'max_attempts'
       OR task.run_at <> row.value ->> 'run_at'
       OR task.priority <> row.value ->> 'priority'
       OR task.metadata IS NOT row.value ->> 'metadata')
  AND (SELECT writer FROM PolluxRemote) = :replica
