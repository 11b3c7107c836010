-- The tasks of :rows that are not here as the replica has them, as they are here; a status of null says that there is none.
SELECT task, Jobs.status, Jobs.job_type, Jobs.attempts, Jobs.max_attempts, Jobs.run_at, Jobs.last_error, Jobs.done_at,
       Jobs.priority, Jobs.metadata,
       ifnull(Jobs.lock_by = :prefix || Jobs.job_type AND Jobs.status IN ('Queued', 'Running'), 0) AS held,
       ifnull(Jobs.lease, 0),
       ifnull(Jobs.origin = :replica, 0)
FROM (SELECT value ->> 'id' AS task, value ->> 'status' AS sent, value ->> 'attempts' AS tries, value ->> 'lease' AS hold,
             value ->> 'held' AS ours
      FROM json_each(:rows))
  LEFT JOIN Jobs ON Jobs.id = task
WHERE sent IS NOT NULL
  AND NOT ifnull(
    CASE
      WHEN NOT ours THEN sent IN ('Done', 'Killed') AND Jobs.status = sent
      WHEN sent IN ('Done', 'Killed') THEN
        Jobs.status = sent AND Jobs.attempts = tries AND ifnull(Jobs.lease, 0) = hold
          AND Jobs.lock_by = :prefix || Jobs.job_type
      ELSE
        Jobs.status IN ('Queued', 'Running') AND ifnull(Jobs.lease, 0) = hold AND Jobs.lock_by = :prefix || Jobs.job_type
    END, 0)
