-- What was decided on the replica about tasks that are elsewhere: to cancel one, or its new terms. What has ended stays.
UPDATE Jobs AS task
SET status = CASE WHEN row.value ->> 'status' IN ('Done', 'Killed') THEN row.value ->> 'status' ELSE task.status END,
    last_error = CASE
      WHEN row.value ->> 'status' IN ('Done', 'Killed') THEN row.value ->> 'last_error'
      ELSE task.last_error
    END,
    done_at = CASE WHEN row.value ->> 'status' IN ('Done', 'Killed') THEN row.value ->> 'done_at' ELSE task.done_at END,
    max_attempts = row.value ->> 'max_attempts',
    run_at = row.value ->> 'run_at',
    priority = row.value ->> 'priority',
    metadata = row.value ->> 'metadata'
FROM json_each(:rows) AS row
WHERE task.id = row.value ->> 'id'
  AND NOT row.value ->> 'held'
  AND row.value ->> 'status' IS NOT NULL
  AND +task.status NOT IN ('Done', 'Killed')
  AND (SELECT writer FROM PolluxRemote) = :replica
