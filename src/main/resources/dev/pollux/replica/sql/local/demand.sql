-- The queues that workers of this file poll, and for how many more of their tasks there is room: :most, less those that are
-- due or being worked on.
SELECT worker_type,
       max(0, :most
         - (SELECT count(*)
            FROM (SELECT 1
                  FROM Jobs INDEXED BY PolluxReady
                  WHERE job_type = worker_type AND status IN ('Pending', 'Failed') AND run_at <= unixepoch()
                  LIMIT :most))
         - sum((SELECT count(*)
                FROM Jobs INDEXED BY PolluxLeased
                WHERE lock_by = Workers.id AND status IN ('Queued', 'Running'))))
FROM Workers
WHERE id <> 'pollux-remote' AND last_seen >= unixepoch() - :orphaned_after
GROUP BY worker_type
