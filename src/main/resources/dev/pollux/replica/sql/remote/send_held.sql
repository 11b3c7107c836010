-- What became of the tasks that the replica holds, fenced by the hold.
UPDATE Jobs
SET status = CASE WHEN row.value ->> 'status' IN ('Done', 'Killed') THEN row.value ->> 'status' ELSE 'Queued' END,
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
  AND row.value ->> 'status' IS NOT NULL
  AND Jobs.lock_by = :prefix || Jobs.job_type
  AND ifnull(Jobs.lease, 0) = row.value ->> 'lease'
  AND +Jobs.status IN ('Queued', 'Running')
  AND (row.value ->> 'status' IN ('Done', 'Killed')
       OR Jobs.attempts <> row.value ->> 'attempts'
       OR Jobs.max_attempts <> row.value ->> 'max_attempts'
       OR Jobs.run_at <> row.value ->> 'run_at'
       OR Jobs.priority <> row.value ->> 'priority'
       OR Jobs.metadata IS NOT row.value ->> 'metadata')
  AND (SELECT writer FROM PolluxRemote) = :replica
