-- Tasks that had ended and are to run again, or have run again already: the replica that says so holds them.
UPDATE Jobs AS task
SET status = CASE WHEN row.value ->> 'status' IN ('Done', 'Killed') THEN row.value ->> 'status' ELSE 'Queued' END,
    attempts = row.value ->> 'attempts',
    max_attempts = row.value ->> 'max_attempts',
    run_at = row.value ->> 'run_at',
    last_error = row.value ->> 'last_error',
    done_at = row.value ->> 'done_at',
    lock_at = unixepoch(),
    lock_by = :prefix || task.job_type,
    lease = CASE
      WHEN row.value ->> 'status' IN ('Done', 'Killed') THEN row.value ->> 'lease'
      ELSE (SELECT leases FROM PolluxReplicas WHERE id = :replica)
    END
FROM json_each(:rows) AS row
WHERE task.id = row.value ->> 'id'
  AND row.value ->> 'retried'
  AND row.value ->> 'status' IS NOT NULL
  AND (task.origin = :replica OR task.lock_by = :prefix || task.job_type)
  AND (task.status IN ('Done', 'Killed')
       OR (row.value ->> 'status' IN ('Done', 'Killed') AND task.lock_by = :prefix || task.job_type))
  AND (SELECT writer FROM PolluxRemote) = :replica
