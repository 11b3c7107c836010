-- Takes due tasks of :queue from the pool, by priority DESC, run_at, id: up to :room, no more than bring what we hold of it to
-- :most, and no more than our share among the replicas that ask for them. The ladder is that of the queue's fetch.
-- take_plainly.sql does the same without it.
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
),
sharing (replicas) AS (
  SELECT max(1, count(*))
  FROM Workers
  WHERE worker_type = :queue
    AND storage_name = 'PolluxReplica'
    AND layers = 'demand'
    AND last_seen >= unixepoch() - :orphaned_after
),
ready (task) AS MATERIALIZED (
  SELECT Jobs.rowid
  FROM ladder CROSS JOIN Jobs INDEXED BY PolluxReady
  WHERE Jobs.job_type = :queue
    AND Jobs.status IN ('Pending', 'Failed')
    AND Jobs.priority = ladder.step
    AND Jobs.run_at <= unixepoch()
    AND (Jobs.status = 'Pending' OR Jobs.attempts < Jobs.max_attempts)
    AND EXISTS (SELECT 1 FROM PolluxReplicas WHERE id = :replica AND nonce = :nonce)
  LIMIT (SELECT :room * replicas FROM sharing)
)
UPDATE Jobs
SET status = 'Queued',
    lock_by = :prefix || :queue,
    lock_at = unixepoch(),
    lease = (SELECT leases FROM PolluxReplicas WHERE id = :replica)
WHERE rowid IN (
  SELECT task
  FROM ready
  LIMIT (SELECT max(0, min(:room,
                           :most - (SELECT count(*)
                                    FROM (SELECT 1
                                          FROM Jobs AS held INDEXED BY PolluxLeased
                                          WHERE held.lock_by = :prefix || :queue AND held.status IN ('Queued', 'Running')
                                          LIMIT :most)),
                           ((SELECT count(*) FROM ready) + replicas - 1) / replicas))
         FROM sharing)
)
