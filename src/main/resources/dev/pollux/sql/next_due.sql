-- For each queue named in :queues, in how many milliseconds its next task is due: 0 or less if one is due now, no row if none waits.
WITH RECURSIVE ladder (queue, step) AS (
  SELECT value, (SELECT max(priority)
                 FROM Jobs INDEXED BY PolluxReady
                 WHERE job_type = value AND status IN ('Pending', 'Failed'))
  FROM json_each(:queues)
  UNION ALL
  SELECT queue, (SELECT max(priority)
                 FROM Jobs INDEXED BY PolluxReady
                 WHERE job_type = queue AND status IN ('Pending', 'Failed') AND priority < step)
  FROM ladder
  WHERE step IS NOT NULL
)
SELECT queue,
       min((SELECT run_at
            FROM Jobs INDEXED BY PolluxReady
            WHERE job_type = queue AND status IN ('Pending', 'Failed') AND priority = step
              AND (status = 'Pending' OR attempts < max_attempts)
            ORDER BY run_at
            LIMIT 1)) * 1000
         - CAST(unixepoch('subsec') * 1000 AS INTEGER) AS wait
FROM ladder
WHERE step IS NOT NULL
GROUP BY queue
HAVING wait IS NOT NULL
