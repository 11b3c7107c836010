-- take.sql for servers that know no recursion: it reads all that is due, and all that is planned, of the queue.
UPDATE Jobs
SET status = 'Queued',
    lock_by = :prefix || :queue,
    lock_at = unixepoch(),
    lease = (SELECT leases FROM PolluxReplicas WHERE id = :replica)
WHERE id IN (
  SELECT id
  FROM (SELECT id,
               row_number() OVER (ORDER BY priority DESC, run_at, id) AS place,
               count(*) OVER () AS due,
               (SELECT max(1, count(*))
                FROM Workers
                WHERE worker_type = :queue
                  AND storage_name = 'PolluxReplica'
                  AND layers = 'demand'
                  AND last_seen >= unixepoch() - :orphaned_after) AS replicas,
               :most - (SELECT count(*) FROM Jobs AS held
                        WHERE held.lock_by = :prefix || :queue AND held.status IN ('Queued', 'Running')) AS free
        FROM Jobs
        WHERE job_type = :queue
          AND status IN ('Pending', 'Failed')
          AND run_at <= unixepoch()
          AND (status = 'Pending' OR attempts < max_attempts)
          AND EXISTS (SELECT 1 FROM PolluxReplicas WHERE id = :replica AND nonce = :nonce))
  WHERE place <= min(:room, free, (min(due, :room * replicas) + replicas - 1) / replicas)
)
