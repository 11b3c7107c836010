-- Returns the leases of :queue whose worker has not been seen for :orphaned_after seconds, counting a try; kills the
-- tasks that have none left. A lease whose worker is not even known is as old as its lock_at.
UPDATE Jobs AS task INDEXED BY PolluxLeased
SET status = CASE WHEN attempts + 1 >= max_attempts THEN 'Killed' ELSE 'Pending' END,
    attempts = attempts + 1,
    last_error = json_object('Err', 'orphaned: worker ' || lock_by || ' stopped beating'),
    done_at = CASE WHEN attempts + 1 >= max_attempts THEN unixepoch() ELSE done_at END,
    lock_by = NULL,
    lock_at = NULL,
    lease = NULL
WHERE job_type = :queue
  AND status IN ('Queued', 'Running')
  AND coalesce((SELECT last_seen FROM Workers WHERE Workers.id = task.lock_by), lock_at, 0)
      < unixepoch() - :orphaned_after
RETURNING id, status, attempts
