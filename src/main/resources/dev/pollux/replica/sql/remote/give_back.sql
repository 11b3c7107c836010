-- Gives tasks back to the pool. :leases is an object: the id of each, and its hold.
UPDATE Jobs AS task
SET status = 'Pending', lock_by = NULL, lock_at = NULL, lease = NULL
FROM json_each(:leases) AS hold
WHERE task.id = hold.key
  AND task.lock_by = :prefix || task.job_type
  AND ifnull(task.lease, 0) = hold.value
  AND +task.status IN ('Queued', 'Running')
  AND (SELECT writer FROM PolluxRemote) = :replica
