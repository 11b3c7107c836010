-- Takes up to :tasks of the tasks that we hold and that nobody here polls for out of the reach of this file's workers. The queues
-- are found by steps along the index, so that those with workers cost nothing.
WITH RECURSIVE queues (queue) AS (
  SELECT min(job_type)
  FROM Jobs INDEXED BY PolluxReady
  WHERE status IN ('Pending', 'Failed')
  UNION ALL
  SELECT (SELECT min(job_type) FROM Jobs INDEXED BY PolluxReady WHERE status IN ('Pending', 'Failed') AND job_type > queue)
  FROM queues
  WHERE queue IS NOT NULL
)
UPDATE PolluxSynced
SET held = 2
WHERE task IN (
  SELECT Jobs.id
  FROM queues
    CROSS JOIN Jobs INDEXED BY PolluxReady ON Jobs.job_type = queues.queue
    CROSS JOIN PolluxSynced AS ours ON ours.task = Jobs.id
  WHERE NOT EXISTS (SELECT 1
                    FROM Workers
                    WHERE worker_type = queues.queue AND last_seen >= unixepoch() - :orphaned_after)
    AND Jobs.status IN ('Pending', 'Failed')
    AND ours.held = 1
    AND ours.known = 1
    AND Jobs.id NOT IN (SELECT task FROM PolluxChanges)
  LIMIT :tasks
)
