-- Returns the leases of :queues whose worker has not been seen for :orphaned_after seconds, as any worker's sweep does.
UPDATE Jobs INDEXED BY PolluxLeased
SET status = CASE WHEN attempts + 1 >= max_attempts THEN 'Killed' ELSE 'Pending' END,
    attempts = attempts + 1,
    last_error = json_object('Err', 'orphaned: worker ' || lock_by || ' stopped beating'),
    done_at = CASE WHEN attempts + 1 >= max_attempts THEN unixepoch() ELSE done_at END,
    lock_by = NULL,
    lock_at = NULL,
    lease = NULL
WHERE job_type IN (SELECT value FROM json_each(:queues))
  AND status IN ('Queued', 'Running')
  AND coalesce((SELECT last_seen FROM Workers WHERE Workers.id = Jobs.lock_by), lock_at, 0)
      < unixepoch() - :orphaned_after
