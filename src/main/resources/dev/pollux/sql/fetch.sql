-- Leases up to :room due tasks of :queue to :worker, by priority DESC, run_at, id, and takes them to :status, Queued or
-- Running. :lease is the number of the fetch, which no other fetch of that worker has.
-- The ladder steps from each priority to the next lower one along the index, so the cost is that of the rows taken and
-- of the number of priorities, whatever waits for its run_at. The CROSS JOIN keeps SQLite on that path: the first :room
-- rows it meets are the right ones, and it stops there. A worker that the sweep has given up gets nothing until it
-- has beaten again.
WITH RECURSIVE ladder (step) AS (
  SELECT max(priority)
  FROM Jobs INDEXED BY PolluxReady
  WHERE job_type = :queue AND status IN ('Pending', 'Failed')
  UNION ALL
  SELECT (SELECT max(priority)
          FROM Jobs INDEXED BY PolluxReady
          WHERE job_type = :queue AND status IN ('Pending', 'Failed') AND priority < step)
  FROM ladder
  WHERE step IS NOT NULL
)
UPDATE Jobs
SET status = :status, lock_by = :worker, lock_at = unixepoch(), lease = :lease
WHERE rowid IN (
  SELECT ready.rowid
  FROM ladder CROSS JOIN Jobs AS ready INDEXED BY PolluxReady
  WHERE ready.job_type = :queue
    AND ready.status IN ('Pending', 'Failed')
    AND ready.priority = ladder.step
    AND ready.run_at <= unixepoch()
    AND (ready.status = 'Pending' OR ready.attempts < ready.max_attempts)
    AND EXISTS (SELECT 1 FROM Workers WHERE id = :worker AND last_seen >= unixepoch() - :orphaned_after)
  LIMIT :room
)
RETURNING CAST(job AS BLOB), id, CAST(attempts AS INTEGER), CAST(max_attempts AS INTEGER), CAST(run_at AS INTEGER),
  last_error, CAST(lock_at AS INTEGER), CAST(done_at AS INTEGER), CAST(priority AS INTEGER), nullif(metadata, '{}')
