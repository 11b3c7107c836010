-- Tasks that have ended and are to run again: the replica that says so holds them.
UPDATE Jobs
SET status = 'Queued',
    attempts = row.value ->> 'attempts',
    max_attempts = row.value ->> 'max_attempts',
    run_at = row.value ->> 'run_at',
    last_error = row.value ->> 'last_error',
    done_at = row.value ->> 'done_at',
    lock_at = unixepoch(),
    lock_by = :prefix || Jobs.job_type,
    lease = (SELECT leases FROM PolluxReplicas WHERE id = :replica)
FROM json_each(:rows) AS row
WHERE Jobs.id = row.value ->> 'id'
  AND row.value ->> 'retried'
  AND row.value ->> 'status' NOT IN ('Done', 'Killed')
  AND Jobs.status IN ('Done', 'Killed')
  AND (Jobs.origin = :replica OR Jobs.lock_by = :prefix || Jobs.job_type)
  AND (SELECT writer FROM PolluxRemote) = :replica
